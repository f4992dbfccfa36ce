package engine

import (
	"bytes"
	"math/bits"
	"slices"

	"kadmium/identity"
	"kadmium/rpc"
)

// maxRTTs bounds the peers whose round trip time is remembered (design R8.11).
const maxRTTs = 224

// roundTrips holds the round trip times of the peers that were first measured last, in 7
// bytes per peer, and 10 for those that were measured more than once.
type roundTrips struct{ ring *rttRing } // nil until a round trip is measured

// An rttRing is a list of peers, each once. It is searched as contactSet is.
type rttRing struct {
	tags       []byte // the low byte of each peer's handle
	peers      []measuredPeer
	next       int                         // the place of the oldest, once the ring is full
	varied     [(maxRTTs + 63) / 64]uint64 // bits: the peers whose variation is not that of one measurement
	variations []rpc.PackedTime            // of these, in their order
}

type measuredPeer struct {
	rest     [3]byte // of the handle
	smoothed rpc.PackedTime
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
	return t.ring.at(i).RTT()
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
	r.put(i, rtt.Pack())
}

// at is the round trip time at a place.
func (r *rttRing) at(i int) rpc.PackedRTT {
	p := rpc.PackedRTT{Smoothed: r.peers[i].smoothed}
	if at, varied := r.variation(i); varied {
		p.Variation = r.variations[at]
	} else {
		p.Variation = p.Smoothed.FirstVariation()
	}
	return p
}

// put changes the round trip time at a place.
func (r *rttRing) put(i int, p rpc.PackedRTT) {
	r.peers[i].smoothed = p.Smoothed
	at, varied := r.variation(i)
	switch varies := p.Variation != p.Smoothed.FirstVariation(); {
	case varies && varied:
		r.variations[at] = p.Variation
	case varies:
		const growBy = 8
		if len(r.variations) == cap(r.variations) {
			r.variations = append(make([]rpc.PackedTime, 0, len(r.variations)+growBy), r.variations...)
		}
		r.variations = slices.Insert(r.variations, at, p.Variation)
		r.varied[i/64] |= 1 << (i % 64)
	case varied:
		r.variations = slices.Delete(r.variations, at, at+1)
		r.varied[i/64] &^= 1 << (i % 64)
	}
}

// variation is where the variation of a place is in variations, and whether it is there.
func (r *rttRing) variation(i int) (at int, varied bool) {
	for _, word := range r.varied[:i/64] {
		at += bits.OnesCount64(word)
	}
	word, bit := r.varied[i/64], uint64(1)<<(i%64)
	return at + bits.OnesCount64(word&(bit-1)), word&bit != 0
}

func (t roundTrips) each(f func(identity.Contact)) {
	if t.ring == nil {
		return
	}
	for i, p := range t.ring.peers {
		f(identity.Contact(t.ring.tags[i]) | identity.Contact(p.rest[0])<<8 | identity.Contact(p.rest[1])<<16 | identity.Contact(p.rest[2])<<24)
	}
}
