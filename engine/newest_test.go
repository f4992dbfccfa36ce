package engine

import (
	"fmt"
	"testing"
	"time"

	"kadmium/rpc"
)

// The highest sequence of a signed key is remembered until its record expires, of a bounded
// number of keys, and of /v never.
func TestNewestSequences(t *testing.T) {
	n := newNetwork(t, 1)
	n.grow(1, nil)
	e := n.nodes[0].e
	record := func(key string, sequence uint64, ttl time.Duration) *rpc.Record {
		return &rpc.Record{Key: []byte(key), Sequence: sequence, TTL: ttl}
	}
	saw := func(r *rpc.Record) {
		e.enter(n.now, nil)
		e.saw(r)
		e.leave()
	}
	signed := func(i int) string { return fmt.Sprintf("/sig/%s/%d", n.nodes[0].address.ID, i) }
	saw(record("/v/x", 9, time.Hour))
	if e.newest != nil || e.isStale(n.now, record("/v/x", 1, time.Hour)) {
		t.Error("it remembers a sequence that anybody may have made")
	}
	saw(record(signed(0), 5, time.Hour))
	saw(record(signed(0), 4, 2*time.Hour))
	for sequence, want := range map[uint64]bool{4: true, 5: false, 6: false} {
		if got := e.isStale(n.now, record(signed(0), sequence, time.Hour)); got != want {
			t.Errorf("after 5 was seen %d is stale: %t", sequence, got)
		}
	}
	n.now = n.now.Add(time.Hour)
	if e.isStale(n.now, record(signed(0), 4, time.Hour)) {
		t.Error("it is remembered though it has expired")
	}
	for i := 1; i <= maxNewest; i++ {
		saw(record(signed(i), 5, time.Hour+time.Duration(i)*time.Second))
	}
	if f := e.counters.all().NewestForgotten; len(e.newest) != maxNewest || f != 0 {
		t.Errorf("%d keys, %d forgotten, where the first had expired", len(e.newest), f)
	}
	saw(record(signed(maxNewest+1), 5, 2*time.Hour))
	if f := e.counters.all().NewestForgotten; len(e.newest) != maxNewest || f != 1 || e.isStale(n.now, record(signed(1), 4, time.Hour)) || !e.isStale(n.now, record(signed(2), 4, time.Hour)) {
		t.Errorf("%d keys, %d forgotten; the first to expire should be", len(e.newest), f)
	}
}
