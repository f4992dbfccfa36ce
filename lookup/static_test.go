package lookup

import (
	"math"
	"testing"

	"kadmium/identity"
)

// figures are means over lookups.
type figures struct {
	hops, rpcs, rounds, contacts float64
	after                        float64 // round trips from the closest node's answer to the end
	missed                       int     // in all, of the k closest
}

// static makes lookups from random nodes to random targets in a static model:
// all nodes have ideal tables and answer after one round trip.
func static(w *world, cfg Config, lookups int, latency func() float64) (f figures) {
	var l Lookup
	for range lookups {
		r := &run{w: w, cfg: cfg, searcher: identity.Contact(1 + w.rnd.IntN(w.n)), target: w.randomPosition(), latency: latency}
		r.start(&l).finish()
		s := l.Stats()
		f.hops += float64(s.Hops)
		f.rpcs += float64(s.RPCs)
		f.rounds += float64(s.Rounds)
		f.contacts += float64(r.sent)
		f.after += r.clock - r.answeredAt[l.Closest(nil)[0]]
		f.missed += r.missed()
	}
	n := float64(lookups)
	return figures{f.hops / n, f.rpcs / n, f.rounds / n, f.contacts / n, f.after / n, f.missed}
}

// The figures of Roos, Salah and Strufe's model (2015) for alpha 3, k 20: 1.895
// hops among 1,000 nodes, 2.424 among 10,000. The rule of burst.go, which bursts later
// than the paper's, must save requests: 23 are enough, and the lookup ends one round trip
// after the closest node answered.
func TestStaticModel(t *testing.T) {
	if racing {
		t.Skip("runs in one goroutine")
	}
	for _, test := range []struct {
		nodes, lookups    int
		hops, within, rpc float64
	}{
		{1000, 2500, 1.895, 0.03, 22},
		{10_000, 1000, 2.424, 0.05, 23.2},
	} {
		w := newWorld(test.nodes, DefaultK, 1)
		f := static(w, Config{}, test.lookups, nil)
		t.Logf("%d nodes: %+v", test.nodes, f)
		if math.Abs(f.hops-test.hops) > test.within {
			t.Errorf("%d nodes: %.3f hops, want %.3f", test.nodes, f.hops, test.hops)
		}
		if f.rpcs > test.rpc {
			t.Errorf("%d nodes: %.2f requests a lookup, want at most %.1f", test.nodes, f.rpcs, test.rpc)
		}
		if f.after > 1.1 {
			t.Errorf("%d nodes: the end comes %.2f round trips after the closest node answered, want at most 1.1", test.nodes, f.after)
		}
		if f.missed != 0 {
			t.Errorf("%d nodes: %d of the closest were missed", test.nodes, f.missed)
		}
	}
}
