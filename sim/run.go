package sim

import (
	"context"
	"math"
	"runtime"
	"time"

	"kadmium/sim/report"
)

// Progress is told how far a run is: done of total, in the unit of its stage. It
// may be called by several goroutines at once, and often.
type Progress func(stage string, done, total int)

// A run is one simulation on its way to a report.
type run struct {
	cfg      Config
	report   report.Report
	book     *book
	samples  []report.Sample
	bytes    uint64
	virtual  time.Duration
	measured time.Duration // the part of it in which bytes were sent
	stopped  bool          // before its end
	tell     Progress
	keep     any // what the run consists of, until its memory has been measured
}

// Run simulates. When ctx ends it stops and reports what was so far, as partial.
// Its error is ErrBadConfig. A nil progress is told nothing.
func Run(ctx context.Context, cfg Config, progress Progress) (*report.Report, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	began := time.Now()
	before := heap()
	r := &run{cfg: cfg, tell: progress}
	r.report.Kind, r.report.Config = report.Sim, cfg.report()
	if cfg.independent() {
		r.independent(ctx)
	} else {
		r.network(ctx)
	}
	r.report.Partial = r.stopped
	r.report.Summarise(r.samples)
	r.report.VirtualSeconds = millionths(r.virtual.Seconds())
	if up := r.report.NodesUp; up > 0 && r.measured > 0 {
		r.report.BytesPerNodeSecond = math.Round(1e3*float64(r.bytes)/up/r.measured.Seconds()) / 1e3
	}
	wall := time.Since(began).Seconds()
	memory := float64(max(0, heap()-before))
	runtime.KeepAlive(r.keep)
	r.report.Machine = report.Machine{
		WallSeconds:        wall,
		RPCsPerSecond:      math.Round(float64(r.report.RPCTotal) / wall),
		MemoryBytesPerNode: math.Round(memory / float64(cfg.population())),
		CPUs:               runtime.GOMAXPROCS(0),
		Go:                 runtime.Version(),
	}
	return &r.report, nil
}

func (r *run) progress(stage string, done, total int) {
	if r.tell != nil {
		r.tell(stage, done, total)
	}
}

// heap is the size of what lives, in bytes.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// servers is the number of nodes that serve, or seem to.
func (r *run) servers() int {
	n := r.cfg.population()
	return max(1, n-int(math.Round(float64(n)*r.cfg.Client)))
}
