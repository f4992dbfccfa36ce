package sweep

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"kadmium/sim"
	"kadmium/sim/report"
)

// Progress is told how many runs of a sweep have ended. It is called by several goroutines
// at once.
type Progress func(done, total int)

// Options say what Execute does beside running.
type Options struct {
	Dir      string // keeps the reports; empty: none is kept
	Lookups  bool   // Dir keeps a row for each lookup, too
	Progress Progress
}

// Execute runs the simulations, several at a time, the longest first, on all cores. With a
// directory it keeps each report there as soon as it is made, and takes those that are
// there already; a run whose lookups are wanted and missing is run again. The results are in
// the order of the configs. When ctx ends, they are those of the runs that have ended, and
// stopped is true.
func Execute(ctx context.Context, configs []sim.Config, o Options) (results *Results, stopped bool, err error) {
	dir := o.Dir
	program, err := ThisProgram()
	if err != nil {
		return nil, false, err
	}
	files, err := inputs(configs)
	if err != nil {
		return nil, false, err
	}
	if dir != "" {
		if err := makeDirectories(dir, o.Lookups); err != nil {
			return nil, false, err
		}
	}
	s := &sweep{ctx: ctx, configs: configs, dir: dir, lookups: o.Lookups, reports: make([]*report.Report, len(configs)), theory: make(map[string]*report.Theory), progress: o.Progress}
	for i := range configs {
		s.ids = append(s.ids, id(&configs[i], files, &program))
	}
	if err := s.run(); err != nil {
		return nil, false, err
	}
	results = &Results{Varied: varied(configs), Again: s.again}
	for i, r := range s.reports {
		if r == nil {
			stopped = true
			continue
		}
		results.Runs = append(results.Runs, Run{s.ids[i], params(&configs[i]), r})
	}
	if dir != "" {
		err = results.write(dir, program, files, o.Lookups)
	}
	return results, stopped, err
}

// makeDirectories makes what is to hold reports, and lookups if they are wanted.
func makeDirectories(dir string, lookups bool) error {
	if lookups {
		if err := os.MkdirAll(filepath.Join(dir, lookupsDir), 0o755); err != nil {
			return err
		}
	}
	return os.MkdirAll(filepath.Join(dir, reportsDir), 0o755)
}

// Keep keeps the report of one run in a directory, as Execute does, and its lookups unless
// they are nil.
func Keep(dir string, c sim.Config, r *report.Report, lookups []report.Sample) error {
	program, err := ThisProgram()
	if err != nil {
		return err
	}
	files, err := inputs([]sim.Config{c})
	if err != nil {
		return err
	}
	if err := makeDirectories(dir, lookups != nil); err != nil {
		return err
	}
	run := Run{id(&c, files, &program), params(&c), r}
	if lookups != nil {
		if err := writeLookups(dir, run.ID, &c, lookups); err != nil {
			return err
		}
	}
	if err := writeReport(dir, run.ID, r); err != nil {
		return err
	}
	results := Results{Varied: []string{}, Runs: []Run{run}}
	return results.write(dir, program, files, lookups != nil)
}

// A sweep is one in progress.
type sweep struct {
	ctx      context.Context
	configs  []sim.Config
	ids      []string
	dir      string
	lookups  bool
	progress Progress
	again    int // runs whose lookups are missing

	mu      sync.Mutex
	reports []*report.Report // of the configs; nil: not yet
	done    int
	failed  error

	theoryMu sync.Mutex
	theory   map[string]*report.Theory // by configuration, whatever the seed
}

// run runs what the directory does not have.
func (s *sweep) run() error {
	var left []int
	for i, id := range s.ids {
		if s.dir != "" {
			r := kept(s.dir, id)
			if r != nil && (!s.lookups || hasLookups(s.dir, id, r)) {
				s.ended(i, r, nil)
				continue
			}
			if r != nil {
				s.again++
			}
		}
		left = append(left, i)
	}
	slices.SortStableFunc(left, func(a, b int) int { return -cmp.Compare(cost(&s.configs[a]), cost(&s.configs[b])) })
	cores := runtime.GOMAXPROCS(0)
	workers := min(cores, len(left))
	next := make(chan int)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := range next {
				s.one(i, cores/workers)
			}
		})
	}
	for _, i := range left {
		if s.ctx.Err() != nil || s.failure() != nil {
			break
		}
		next <- i
	}
	close(next)
	group.Wait()
	return s.failed
}

// one runs one simulation and keeps its report. What was interrupted is not kept.
func (s *sweep) one(i, cores int) {
	r, lookups, err := sim.RunLookups(s.ctx, s.configs[i], cores, nil)
	if err == nil && !r.Partial {
		r.Theory, err = s.expected(s.configs[i])
	}
	if err == nil && !r.Partial && s.dir != "" {
		if cores < runtime.GOMAXPROCS(0) {
			r.Machine.MemoryBytesPerNode = 0 // it counts the memory of all that run
		}
		if s.lookups {
			err = writeLookups(s.dir, s.ids[i], &s.configs[i], lookups)
		}
		if err == nil {
			err = writeReport(s.dir, s.ids[i], r)
		}
	}
	if err == nil && r.Partial {
		return
	}
	s.ended(i, r, err)
}

// expected is what theory says of a run, computed once for all seeds.
func (s *sweep) expected(c sim.Config) (*report.Theory, error) {
	s.theoryMu.Lock()
	defer s.theoryMu.Unlock()
	c.Seed = 0
	of := canonical(&c)
	if s.theory[of] == nil {
		t, err := sim.Expected(c)
		if err != nil {
			return nil, err
		}
		s.theory[of] = t
	}
	return s.theory[of], nil
}

func (s *sweep) ended(i int, r *report.Report, err error) {
	s.mu.Lock()
	s.reports[i], s.failed = r, errors.Join(s.failed, err)
	s.done++
	done := s.done
	s.mu.Unlock()
	if s.progress != nil {
		s.progress(done, len(s.configs))
	}
}

func (s *sweep) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// cost is about in proportion to how long a run takes: the requests of its lookups, and
// where nodes join or come and go those of a life of so long.
func cost(c *sim.Config) float64 {
	requests := 20 + float64(c.K)
	life := 0.0
	if c.Duration > 0 {
		life = float64(c.Nodes) * (300 + 100*c.Duration.Hours())
	}
	return float64(c.Lookups)*requests + life + float64(c.Nodes)/100
}
