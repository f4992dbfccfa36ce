package peerbook

import (
	"time"

	"kadmium/identity"
)

// looked is how many peers are compared to find the one that is forgotten.
const looked = 16

func (b *Book) add(now time.Time, c identity.Contact, serves bool) {
	if len(b.peers) >= b.limit {
		b.evict()
	}
	b.met++
	b.at[c] = len(b.peers)
	b.peers = append(b.peers, &Peer{Addresses: []Place{{c, now}}, Met: now, Serves: serves})
}

// evict forgets the peer that was heard longest ago, of the next few: first of those that
// need not be kept.
func (b *Book) evict() {
	worst, worstKept, worstHeard := -1, false, time.Time{}
	for range min(looked, len(b.peers)) {
		b.hand = (b.hand + 1) % len(b.peers)
		p := b.peers[b.hand]
		kept, heard := b.keep(p.Addresses[0].Contact), p.Heard()
		if worst < 0 || worstKept && !kept || worstKept == kept && heard.Before(worstHeard) {
			worst, worstKept, worstHeard = b.hand, kept, heard
		}
	}
	b.remove(worst)
	b.evicted++
}

// remove forgets a peer; the last one takes its place.
func (b *Book) remove(i int) {
	for _, a := range b.peers[i].Addresses {
		delete(b.at, a.Contact)
	}
	last := len(b.peers) - 1
	if i != last {
		b.peers[i] = b.peers[last]
		for _, a := range b.peers[i].Addresses {
			b.at[a.Contact] = i
		}
	}
	b.peers[last] = nil
	b.peers = b.peers[:last]
}
