package engine

import (
	"testing"

	"kadmium/rpc"
)

// A get with NoStore leaves no copy at a node that has none, and repairs no holder.
func TestGetThatStoresNothing(t *testing.T) {
	n := newNetwork(t, 31)
	n.grow(20, nil)
	const key = "/v/read"
	holder := n.nodes[1]
	n.lose = func(_, to *node, m *rpc.Message) bool { return m.Type == rpc.Store && !m.Response && to != holder }
	if r := n.nodes[0].put(PutQuery{Key: []byte(key), Value: []byte("value"), Ephemeral: true}); r.Err != nil {
		t.Fatal(r.Err)
	}
	for _, quorum := range []int{1, 100} {
		for _, noStore := range []bool{true, false} {
			copies := uint64(0)
			for _, nd := range n.nodes[2:] {
				before := nd.e.counters.Cachings + nd.e.counters.Repairs
				nd.operate(func(op OpID) []Effect {
					return nd.e.Get(n.now, op, GetQuery{Key: []byte(key), Quorum: quorum, NoStore: noStore}, nil)
				})
				copies += nd.e.counters.Cachings + nd.e.counters.Repairs - before
			}
			if (copies == 0) != noStore {
				t.Errorf("quorum %d, NoStore %t: %d copies and repairs", quorum, noStore, copies)
			}
		}
	}
}
