package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"kadmium/internal/cli"
	"kadmium/sim"
	"kadmium/sim/report"
	"kadmium/sim/sweep"
)

// A SweepResult is `kad sim` with several runs.
type SweepResult struct {
	Sweep   []*report.Report `json:"sweep"`
	Planned int              `json:"planned"` // runs of the plan
	Partial bool             `json:"partial"` // it was interrupted: not all of them have ended
}

// NewSweepResult is what a sweep prints as JSON.
func NewSweepResult(r *sweep.Results) SweepResult {
	s := SweepResult{Sweep: []*report.Report{}, Planned: len(r.Runs) + len(r.Missing), Partial: len(r.Missing) > 0}
	for i := range r.Runs {
		s.Sweep = append(s.Sweep, r.Runs[i].Report)
	}
	return s
}

// simulate runs simulations and prints their reports, one as one object, several as a
// sweep. When the context ends it prints what there is.
func simulate(a *cli.App, ctx context.Context, configs []sim.Config, out string, lookups bool, plots []sweep.Plot) error {
	if len(configs) == 1 {
		return simulateOne(a, ctx, configs[0], out, lookups)
	}
	bar := a.NewBar(fmt.Sprintf("%d runs", len(configs)))
	results, stopped, err := sweep.Execute(ctx, configs, sweep.Options{Dir: out, Lookups: lookups, Progress: func(done, total int) { bar.Update("runs", done, total) }})
	bar.End()
	if err != nil {
		return sweepFailed(err, out)
	}
	if results.Again > 0 {
		fmt.Fprintf(a.Stderr, "note: %s had no rows of lookups in %s, and was run again for them\n", report.Count(results.Again, "run"), out)
	}
	if results.Changed > 0 {
		fmt.Fprintln(a.Stderr, ChangedNote(results.Changed, out))
	}
	var files []string
	var undrawn error
	if out != "" && len(results.Runs) > 0 {
		files, undrawn = cli.Draw(out, func() ([]string, error) { return drawSweep(results, out, plots) })
	}
	err = a.Print(NewSweepResult(results), func(w io.Writer) {
		_ = results.Write(w) // into memory
		if out != "" {
			fmt.Fprintf(w, "\n%s, %s and %s in %s\n", report.Count(len(results.Runs), "report"), sweep.ResultsFile, report.Count(len(files), "picture"), out)
		}
		if lookups {
			fmt.Fprintf(w, "%s in %s\n", report.Count(results.Rows, "lookup"), filepath.Join(out, sweep.LookupsFile))
		}
	})
	switch {
	case err != nil:
		return err
	case undrawn != nil:
		return cli.NotDrawn(undrawn)
	case stopped:
		return Interrupted(results)
	}
	return nil
}

// ChangedNote says that reports of a directory were made again.
func ChangedNote(n int, out string) string {
	if n == 1 {
		return fmt.Sprintf("note: 1 report in %s had been changed since it was kept, and was made again", out)
	}
	return fmt.Sprintf("note: %d reports in %s had been changed since they were kept, and were made again", n, out)
}

// Interrupted is the failure of a sweep of which runs are missing.
func Interrupted(r *sweep.Results) error {
	next := "run it again, with --out so that what has ended is kept"
	if r.Kept {
		next = "run it again with the same --out: what is there is not run again"
	}
	return &cli.Failure{Message: fmt.Sprintf("interrupted: %d of %d runs have ended", len(r.Runs), len(r.Runs)+len(r.Missing)), Next: next, Code: cli.ExitNotDone, Printed: true}
}

// simulateOne runs one simulation, with a bar of its own progress, unless the directory has
// its report already.
func simulateOne(a *cli.App, ctx context.Context, c sim.Config, out string, lookups bool) error {
	if out == "" {
		r, _, err := runOne(a, ctx, c)
		if err != nil {
			return err
		}
		return a.PrintMeasured(r, out)
	}
	kept, err := sweep.NewSingle(out, c, lookups)
	if err != nil {
		return sweepFailed(err, out)
	}
	if kept.Changed() > 0 {
		fmt.Fprintln(a.Stderr, ChangedNote(kept.Changed(), out))
	}
	r, rows := kept.Kept, []report.Sample(nil)
	if r != nil {
		fmt.Fprintf(a.Stderr, "note: %s has this run already: it is not run again\n", out)
	} else if r, rows, err = runOne(a, ctx, c); err != nil {
		return err
	}
	if !r.Partial {
		if err := kept.Keep(r, rows); err != nil {
			return sweepFailed(err, out)
		}
	}
	return a.PrintMeasured(r, out)
}

// runOne runs one simulation and has its report say what theory expects.
func runOne(a *cli.App, ctx context.Context, c sim.Config) (*report.Report, []report.Sample, error) {
	bar := a.NewBar(fmt.Sprintf("%d nodes", c.Nodes))
	r, rows, err := sim.RunLookups(ctx, c, runtime.GOMAXPROCS(0), bar.Update)
	bar.End()
	if err != nil {
		return nil, nil, err
	}
	if !r.Partial || r.Lookups > 0 { // else there is nothing to print it beside, and it takes its time
		if r.Theory, err = sim.Expected(c); err != nil {
			return nil, nil, err
		}
	}
	return r, rows, nil
}

// NotSweep is the failure of a run whose --out is a directory that sweep.ErrNotSweep is about.
func NotSweep(err error) error {
	return cli.BadInput("choose another directory for --out, or move that file away", "--out: %v", err)
}

// sweepFailed says why a sweep has not ended.
func sweepFailed(err error, out string) error {
	if errors.Is(err, sweep.ErrNotSweep) {
		return NotSweep(err)
	}
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) || errors.Is(err, os.ErrPermission) {
		return cli.NotDone("check the directory of --out", "%s: %v", out, err)
	}
	return err
}
