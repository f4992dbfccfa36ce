package sweep

import (
	"cmp"
	"context"
	"errors"
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
// there as they were kept (design R11.5); a run whose lookups are wanted and missing is run
// again. The results are in the order of the configs. When ctx ends, they are those of the
// runs that have ended, and stopped is true.
func Execute(ctx context.Context, configs []sim.Config, o Options) (results *Results, stopped bool, err error) {
	program, err := ThisProgram()
	if err != nil {
		return nil, false, err
	}
	s := &sweep{ctx: ctx, configs: configs, theory: make(map[string]*report.Theory), progress: o.Progress}
	s.grid.varied = varied(configs)
	for i := range configs {
		s.grid.runs = append(s.grid.runs, Run{ID: id(&configs[i], &program), Params: params(&configs[i])})
	}
	if o.Dir != "" {
		if s.dir, err = openDirectory(o.Dir, program, inputs(configs), o.Lookups); err != nil {
			return nil, false, err
		}
	}
	err = s.run()
	results = s.grid.results()
	results.Again = s.again
	if s.dir != nil {
		err = errors.Join(err, s.dir.finish(results))
	}
	if err != nil {
		return nil, false, err
	}
	return results, len(results.Missing) > 0, nil
}

// A sweep is one in progress.
type sweep struct {
	ctx      context.Context
	configs  []sim.Config
	dir      *directory // nil: nothing is kept
	progress Progress
	again    int // runs whose lookups are missing

	mu     sync.Mutex
	grid   grid // of the configs
	done   int
	failed error

	theoryMu sync.Mutex
	theory   map[string]*report.Theory // by configuration, whatever the seed
}

// run runs what the directory does not have.
func (s *sweep) run() error {
	var left []int
	for i := range s.grid.runs {
		if !s.has(&s.grid.runs[i]) {
			left = append(left, i)
		}
	}
	if s.dir != nil && len(left) > 0 {
		if err := s.dir.begin(&s.grid); err != nil {
			return err
		}
	}
	slices.SortStableFunc(left, func(a, b int) int { return -cmp.Compare(cost(&s.configs[a]), cost(&s.configs[b])) })
	cores := runtime.GOMAXPROCS(0)
	workers := min(cores, len(left))
	next := make(chan int)
	var group sync.WaitGroup
	for w := range workers {
		share := cores / workers
		if w < cores%workers {
			share++
		}
		group.Go(func() {
			for i := range next {
				s.one(i, share)
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

// has takes the report of a run from the directory, if that has it.
func (s *sweep) has(run *Run) bool {
	if s.dir == nil {
		return false
	}
	r := s.dir.kept(run.ID)
	if r == nil {
		return false
	}
	if s.dir.lookups && !hasLookups(s.dir.path, run.ID, r) {
		s.again++
		return false
	}
	run.Report = r
	s.done++
	if s.progress != nil {
		s.progress(s.done, len(s.configs))
	}
	return true
}

// one runs one simulation and keeps its report. What was interrupted is not kept.
func (s *sweep) one(i, cores int) {
	r, lookups, err := sim.RunLookups(s.ctx, s.configs[i], cores, nil)
	if err == nil && r.Partial {
		return
	}
	if err == nil {
		r.Theory, err = s.expected(s.configs[i])
	}
	if err == nil && cores < runtime.GOMAXPROCS(0) {
		r.Machine.MemoryBytesPerNode = 0 // it counts the memory of all that run
	}
	sum := ""
	if err == nil && s.dir != nil {
		if s.dir.lookups {
			err = writeLookups(s.dir.path, s.grid.runs[i].ID, &s.configs[i], lookups)
		}
		if err == nil {
			sum, err = writeReport(s.dir.path, s.grid.runs[i].ID, r)
		}
	}
	s.ended(i, r, sum, err)
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

func (s *sweep) ended(i int, r *report.Report, sum string, err error) {
	s.mu.Lock()
	if err == nil {
		s.grid.runs[i].Report = r
		if s.dir != nil {
			err = s.dir.ended(&s.grid, s.grid.runs[i].ID, sum)
		}
	}
	s.failed = errors.Join(s.failed, err)
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
