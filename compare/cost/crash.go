package cost

import (
	"context"
	"sync"
	"time"
)

// crashLookups bounds the lookups after the crash: those of libp2p wait for tens of
// seconds.
const crashLookups = 10

// crash makes a quarter of the nodes vanish without a word and has others look up
// keys at once, each searcher once, all at the same time: what they find and when.
// The figures that need a quiet process are not taken.
func (r *run) crash(ctx context.Context) error {
	living := len(r.nodes) - len(r.nodes)/4
	for _, n := range r.nodes[living:] {
		n.Link().Cut()
		r.dead[n.ID()] = true
	}
	lookups := min(crashLookups, living-1, r.cfg.Lookups)
	var searches sync.WaitGroup
	var mu sync.Mutex // of the sample
	for i := range lookups {
		searches.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, operateWithin)
			defer cancel()
			t := task{i: i, pass: Crashed, searcher: r.nodes[1+i]}
			began := time.Now()
			found, err := t.searcher.Closest(ctx, t.key())
			elapsed := time.Since(began)
			mu.Lock()
			defer mu.Unlock()
			r.sample.add(Crashed, Succeeded, percent(err == nil))
			r.sample.add(Crashed, Latency, milliseconds(elapsed))
			if err != nil {
				r.sample.add(Crashed, Closest, 0) // what a failed lookup guesses is no result
				return
			}
			r.judge(Crashed, t, found.Peers)
		})
	}
	r.progress(Crashed, 0, lookups)
	searches.Wait()
	r.progress(Crashed, lookups, lookups)
	return ctx.Err()
}
