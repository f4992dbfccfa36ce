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
	cfg        Config
	report     report.Report
	book       *book
	samples    []report.Sample
	bytes      uint64
	virtual    time.Duration
	measured   time.Duration // the part of it in which bytes were sent
	stopped    bool          // before its end
	onProgress Progress
	alive      any // what the run consists of, until its memory has been measured
}

// Run simulates. When ctx ends it stops and reports what was so far, as partial.
// Its error is ErrBadConfig. A nil progress is told nothing.
func Run(ctx context.Context, cfg Config, progress Progress) (*report.Report, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	began := time.Now()
	before := report.LiveHeap()
	r := &run{cfg: cfg, onProgress: progress}
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
	memory := float64(max(0, report.LiveHeap()-before))
	runtime.KeepAlive(r.alive)
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
	if r.onProgress != nil {
		r.onProgress(stage, done, total)
	}
}

// servers is the number of nodes that serve, or seem to.
func (r *run) servers() int {
	n := r.cfg.population()
	return max(1, n-int(math.Round(float64(n)*r.cfg.Client)))
}

// millionths leaves out digits that nobody reads.
func millionths(v float64) float64 { return math.Round(v*1e6) / 1e6 }
