package kadmium

import (
	"testing"
	"testing/synctest"
	"time"

	"kadmium/transport/memnet"
)

// Every lookup that ends is counted once, by what it was for, those that the node makes by
// itself too, though nobody listens.
func TestEndedLookupsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		nodes := servers(t, network, 8)
		n := on(t, network, 20, Config{Mode: Server, DataDir: t.TempDir()}, nodes[0])
		ctx := t.Context()
		n.FindPeer(ctx, nodes[5].ID())
		n.Closest(ctx, nodes[4].ID().Position())
		n.Get(ctx, "/v/nothing", GetOptions{})
		n.Provide(ctx, "k")
		put, err := n.Put(ctx, "/v/k", nil, PutOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for range n.Providers(ctx, "k2", ProvidersOptions{}) {
		}
		time.Sleep(80 * time.Minute) // a bucket is refreshed and a key replicated
		stats := n.Histograms()
		var ended uint64
		for purpose, s := range stats.Lookups {
			var reasons uint64
			for _, n := range s.Ended {
				reasons += n
			}
			if ended += reasons; s.Hops.Count() != reasons || s.Rounds.Count() != reasons || s.Requests.Count() != reasons || s.Seconds.Count() != reasons {
				t.Errorf("%s: %+v", purpose, s)
			}
		}
		if all := n.Stats().Counters["lookups"]; ended != all {
			t.Errorf("%d lookups have ended of %d: %v", ended, all, stats.Lookups)
		}
		for _, purpose := range []string{"find", "closest", "get", "provide", "put", "providers", "join"} {
			if stats.Lookups[purpose].Seconds.Count() != 1 {
				t.Errorf("%s: %+v", purpose, stats.Lookups[purpose])
			}
		}
		if stats.Lookups["refresh"].Hops.Count()+stats.Lookups["re-store"].Hops.Count() == 0 {
			t.Errorf("no lookup of the node's own: %+v", stats.Lookups)
		}
		if s := stats.Lookups["put"]; s.Requests.Sum != float64(put.Lookup.RPCs) || s.Hops.Sum != float64(put.Lookup.Hops) ||
			s.Rounds.Sum != float64(put.Lookup.Rounds) || s.Seconds.Sum != put.Lookup.Elapsed.Seconds() || s.Ended[put.Lookup.Reason] != 1 {
			t.Errorf("a put with %+v was counted as %+v", put.Lookup, s)
		}
		if stats.RTT.Count() == 0 || stats.JournalSync.Count() == 0 {
			t.Errorf("round trip times %+v, syncs %+v", stats.RTT, stats.JournalSync)
		}
		if memory := nodes[0].Histograms().JournalSync; memory.Count() != 0 {
			t.Errorf("a node without a journal has syncs %+v", memory)
		}
	})
}
