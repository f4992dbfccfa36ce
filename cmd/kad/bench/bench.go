// Package bench measures lookups on real sockets: the workloads and the report of
// the simulator (kadmium/sim), from nodes on loopback in this process, or by a few
// clients in a live network.
//
// Lookups run one after the other, so that latencies are those of a network without
// load. The seed decides which nodes look for which targets. The routes differ from run
// to run.
//
// In a live network the set of all nodes is unknown, and so are the true closest:
// recall and first_replica_hops stay empty, and a find succeeds if it returned peers.
// Nodes, tables and traffic are those of the clients.
package bench

import (
	"context"
	"math/rand/v2"
	"time"

	"kadmium/sim/report"
)

// Run measures. If ctx ends while the network is started, the error is that of ctx.
// If it ends later, Run reports what was measured so far, as partial. Other errors are
// ErrBadConfig, ErrFiles, and those of kadmium.New and Node.Joined.
func Run(ctx context.Context, cfg Config) (*report.Report, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	began, before := time.Now(), report.LiveHeap()
	n, err := startNetwork(ctx, &cfg)
	if err != nil {
		return nil, err
	}
	defer n.close()
	r := &workloadRun{cfg: &cfg, network: n, tracer: report.NewTracer(report.TraceTypical), random: rand.New(rand.NewPCG(cfg.Seed, forWorkload))}
	r.runLookups(ctx)
	out := r.report()
	out.Machine.MemoryBytesPerNode = rounded(float64(max(0, report.LiveHeap()-before)) / float64(len(n.members)))
	out.Machine.WallSeconds = rounded(time.Since(began).Seconds())
	out.Machine.RPCsPerSecond = rounded(float64(out.RPCTotal) / out.Machine.WallSeconds)
	return out, nil
}

// runLookups runs the lookups of the workload one after the other, until ctx ends.
func (r *workloadRun) runLookups(ctx context.Context) {
	r.began = time.Now()
	for i := range r.cfg.Lookups {
		if ctx.Err() != nil {
			break
		}
		r.markInterval(i)
		values, holders := r.values, r.holders
		m := r.measureLookup(ctx, i)
		if ctx.Err() != nil { // which may have ended the lookup, or the put before it
			r.values, r.holders = values, holders
			break
		}
		r.record(m)
		if r.cfg.Progress != nil {
			r.cfg.Progress("lookups", i+1, r.cfg.Lookups)
		}
	}
	r.addMark()
}
