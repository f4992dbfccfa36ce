package engine

import (
	"bytes"

	"kadmium/identity"
	"kadmium/rpc"
)

// maxRTTs bounds the peers whose round trip time is remembered (design R8.11).
const maxRTTs = 224

// roundTrips holds the round trip times of the peers that were first measured last, in 10
// bytes per peer.
type roundTrips struct{ ring *rttRing } // nil until a round trip is measured

// An rttRing is a list of peers, each once. It is searched as contactSet is.
type rttRing struct {
	tags  []byte // the low byte of each peer's handle
	peers []measuredPeer
	next  int // the place of the oldest, once the ring is full
}

type measuredPeer struct {
	rest [3]byte // of the handle
	rtt  rpc.PackedRTT
}

func restOf(c identity.Contact) [3]byte { return [3]byte{byte(c >> 8), byte(c >> 16), byte(c >> 24)} }

func (t roundTrips) index(c identity.Contact) int {
	if t.ring == nil {
		return -1
	}
	rest := restOf(c)
	for from := 0; ; from++ {
		i := bytes.IndexByte(t.ring.tags[from:], byte(c))
		if i < 0 {
			return -1
		}
		if from += i; t.ring.peers[from].rest == rest {
			return from
		}
	}
}

func (t roundTrips) knows(c identity.Contact) bool { return t.index(c) >= 0 }

// of returns the round trip time of a contact, the zero RTT if it was not measured.
func (t roundTrips) of(c identity.Contact) rpc.RTT {
	i := t.index(c)
	if i < 0 {
		return rpc.RTT{}
	}
	return t.ring.peers[i].rtt.RTT()
}

func (t *roundTrips) set(c identity.Contact, rtt rpc.RTT) {
	if t.ring == nil {
		t.ring = new(rttRing)
	}
	r, i := t.ring, t.index(c)
	if i < 0 {
		if i = len(r.peers); i < maxRTTs {
			r.tags = append(room(r.tags, maxRTTs), 0)
			r.peers = append(room(r.peers, maxRTTs), measuredPeer{})
		} else {
			i, r.next = r.next, (r.next+1)%maxRTTs
		}
		r.tags[i], r.peers[i].rest = byte(c), restOf(c)
	}
	r.peers[i].rtt = rtt.Pack()
}

func (t roundTrips) each(f func(identity.Contact)) {
	if t.ring == nil {
		return
	}
	for i, p := range t.ring.peers {
		f(identity.Contact(t.ring.tags[i]) | identity.Contact(p.rest[0])<<8 | identity.Contact(p.rest[1])<<16 | identity.Contact(p.rest[2])<<24)
	}
}
