package engine

import (
	"kadmium/identity"
	"kadmium/rpc"
)

// maxRTTs bounds the peers whose round trip time is remembered: as many as a map
// of 256 places takes without growing.
const maxRTTs = 224

// roundTrips are the round trip times of the peers first measured last. A node
// has one, and a process may have thousands, so a peer takes some 25 bytes: an LRU
// list would take five times that.
type roundTrips struct {
	by    map[identity.Contact]rpc.RTT
	order []identity.Contact // a ring once it is full
	next  int                // the oldest then
}

func (t *roundTrips) of(c identity.Contact) rpc.RTT { return t.by[c] }

func (t *roundTrips) knows(c identity.Contact) bool {
	_, ok := t.by[c]
	return ok
}

func (t *roundTrips) set(c identity.Contact, rtt rpc.RTT) {
	if t.by == nil {
		t.by = make(map[identity.Contact]rpc.RTT)
	}
	if !t.knows(c) {
		if len(t.order) < maxRTTs {
			t.order = append(t.order, c)
		} else {
			delete(t.by, t.order[t.next])
			t.order[t.next] = c
			t.next = (t.next + 1) % maxRTTs
		}
	}
	t.by[c] = rtt
}
