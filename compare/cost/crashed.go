package cost

import (
	"context"
	"sync"
	"time"
)

// crashLookups bounds the lookups after the crash: those of libp2p take tens of seconds.
const crashLookups = 10

// crash cuts off a quarter of the nodes and has others look up keys at once: each searcher
// one key, all at the same time. It measures what they find and when, but no figures that
// need a quiet process.
func (r *run) crash(ctx context.Context) error {
	living := len(r.nodes) - len(r.nodes)/4
	for _, n := range r.nodes[living:] {
		n.Link().Cut()
		r.dead[n.ID()] = true
	}
	lookups := min(crashLookups, living-1, r.cfg.Lookups)
	var searches sync.WaitGroup
	var mu sync.Mutex // guards the sample
	for i := range lookups {
		searches.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, operateWithin)
			defer cancel()
			t := task{i: i, run: r.cfg.Run, pass: Crashed, searcher: r.nodes[1+i]}
			began := time.Now()
			found, err := t.searcher.Closest(ctx, t.key())
			elapsed := time.Since(began)
			mu.Lock()
			defer mu.Unlock()
			r.sample.add(Crashed, Succeeded, percent(err == nil))
			r.sample.add(Crashed, Latency, milliseconds(elapsed))
			if err != nil {
				r.sample.add(Crashed, Closest, 0) // peers that a failed lookup returns are no result
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
