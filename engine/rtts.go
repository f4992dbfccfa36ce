package engine

import (
	"kadmium/identity"
	"kadmium/rpc"
)

// maxRTTs bounds the peers whose round trip time is remembered (design R8.11).
const maxRTTs = 224

// roundTrips holds the round trip times of the peers that were first measured last, in 11
// bytes per peer.
type roundTrips struct{ ring *rttRing } // nil until a round trip is measured

type rttRing struct {
	peers contactSet[identity.Contact]
	rtts  []rpc.PackedRTT
	next  int // the place of the oldest, once the ring is full
}

func (t roundTrips) index(c identity.Contact) int {
	if t.ring == nil {
		return -1
	}
	return t.ring.peers.index(c)
}

func (t roundTrips) knows(c identity.Contact) bool { return t.index(c) >= 0 }

// of returns the round trip time of a contact, the zero RTT if it was not measured.
func (t roundTrips) of(c identity.Contact) rpc.RTT {
	i := t.index(c)
	if i < 0 {
		return rpc.RTT{}
	}
	return t.ring.rtts[i].RTT()
}

func (t *roundTrips) set(c identity.Contact, rtt rpc.RTT) {
	if t.ring == nil {
		t.ring = new(rttRing)
	}
	r, i := t.ring, t.index(c)
	switch {
	case i >= 0:
	case len(r.rtts) < maxRTTs:
		i = len(r.rtts)
		r.peers.add(c, maxRTTs)
		r.rtts = append(room(r.rtts, maxRTTs), rpc.PackedRTT{})
	default:
		i = r.next
		r.peers.put(i, c)
		r.next = (r.next + 1) % maxRTTs
	}
	r.rtts[i] = rtt.Pack()
}

func (t roundTrips) each(f func(identity.Contact)) {
	if t.ring == nil {
		return
	}
	for _, c := range t.ring.peers.all {
		f(c)
	}
}
