package sim

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"slices"
	"time"

	"kadmium/sim/attack"
	"kadmium/sim/report"
)

// Progress is called with how far a run is: done of total, in the unit of the stage. It
// is called often, and by several goroutines at once.
type Progress func(stage string, done, total int)

// A run is one simulation in progress.
type run struct {
	cfg        Config
	report     report.Report
	book       *book
	samples    []report.Sample
	bytes      uint64
	virtual    time.Duration
	measured   time.Duration  // the part of it in which bytes are counted
	stopped    bool           // it was interrupted
	siege      *attack.Attack // of one victim; nil: there is none
	share      float64        // of the attackers in its table at the end
	judging    bool           // lookups are judged by the honest nodes, too
	verdicts   []verdict      // in no order
	stage      string         // of independent lookups, for progress
	cores      int            // that it uses
	onProgress Progress
	alive      any // what the run consists of; it stays reachable until memory is measured
}

// Run simulates. When ctx ends, it stops and returns a partial report. Its error is
// ErrBadConfig. Progress may be nil.
func Run(ctx context.Context, cfg Config, progress Progress) (*report.Report, error) {
	r, _, err := RunLookups(ctx, cfg, runtime.GOMAXPROCS(0), progress)
	return r, err
}

// RunLookups is Run on at most so many cores, at least one, so that several runs can share the
// machine; each of them then counts the memory of all. It gives the lookups that ended, too, by
// their numbers: those of operations whose node left before their end are missing.
func RunLookups(ctx context.Context, cfg Config, cores int, progress Progress) (*report.Report, []report.Sample, error) {
	if err := cfg.Check(); err != nil {
		return nil, nil, err
	}
	began := time.Now()
	before := report.LiveHeap()
	r := &run{cfg: cfg, cores: cores, onProgress: progress, judging: len(cfg.Attacks) > 0, stage: "lookups"}
	r.report.Kind, r.report.Config = report.Sim, cfg.report()
	r.siege = cfg.eclipse()
	switch {
	case r.siege != nil:
		r.besiege(ctx)
	case cfg.independent():
		r.independent(ctx)
	default:
		r.network(ctx)
	}
	r.report.Partial = r.stopped
	r.report.Summarise(r.samples)
	if cfg.Latency.kind != "const" {
		r.report.OneWayFloorMS = millionths(oneWayFloor.Seconds() * 1e3)
	}
	r.report.VirtualSeconds = millionths(r.virtual.Seconds())
	if up := r.report.NodesUp; up > 0 && r.measured > 0 {
		r.report.BytesPerNodeSecond = math.Round(1e3*float64(r.bytes)/up/r.measured.Seconds()) / 1e3
	}
	wall := time.Since(began).Seconds()
	memory := float64(max(0, report.LiveHeap()-before))
	runtime.KeepAlive(r.alive)
	r.report.Machine = report.Machine{
		WallSeconds:        wall,
		RPCsPerSecond:      math.Round(float64(r.report.RPCTotal) / wall),
		MemoryBytesPerNode: math.Round(memory / float64(cfg.population())),
		CPUs:               cores,
		Go:                 runtime.Version(),
	}
	if r.judging {
		r.alive = nil
		if r.cfg.Workload == report.WorkloadValue {
			r.report.Values = r.values()
		}
		r.report.Attack = r.attacked(ctx)
	}
	slices.SortFunc(r.samples, func(a, b report.Sample) int { return cmp.Compare(a.Number, b.Number) })
	return &r.report, r.samples, nil
}

func (r *run) progress(stage string, done, total int) {
	if r.onProgress != nil {
		r.onProgress(stage, done, total)
	}
}

// servers is the number of nodes that are in tables, silent and lying ones included.
func (r *run) servers() int {
	n := r.cfg.population()
	return max(1, n-int(math.Round(float64(n)*r.cfg.Client)))
}

// millionths rounds to six decimal places.
func millionths(v float64) float64 { return math.Round(v*1e6) / 1e6 }
