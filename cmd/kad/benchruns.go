package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"kadmium"
	"kadmium/cmd/kad/bench"
	"kadmium/internal/cli"
	"kadmium/sim/command"
	"kadmium/sim/picture"
	"kadmium/sim/report"
	"kadmium/sim/sweep"
)

// maxBenchDrawn bounds the configurations that pictures are drawn of: each has some ten.
const maxBenchDrawn = 8

// measurement is a run as a sweep takes it.
func (r *benchRun) measurement() sweep.Measurement {
	return sweep.Measurement{Settings: r.settings, Run: func(ctx context.Context) (*report.Report, error) {
		made, err := bench.Run(ctx, r.cfg)
		if errors.Is(err, kadmium.ErrNoAnswer) {
			return nil, noAnswer(r.cfg.Bootstrap, err)
		}
		return made, err
	}}
}

// benchOne makes one measurement, with a bar of its own progress.
func (a *app) benchOne(ctx context.Context, run benchRun, out string) error {
	bar := a.NewBar("bench")
	run.cfg.Progress = bar.Update
	m := run.measurement()
	var keep *sweep.Single
	if out != "" {
		var err error
		if keep, err = m.Single(out); errors.Is(err, sweep.ErrNotSweep) {
			return command.NotSweep(err)
		} else if err != nil {
			return cli.NotDone("check the directory of --out", "%s: %v", out, err)
		}
	}
	r, err := m.Run(ctx)
	bar.End()
	if err != nil {
		return err
	}
	if out != "" && !r.Partial {
		if err := keep.Keep(r, nil); err != nil {
			return cli.NotDone("check the directory of --out", "%s: %v", out, err)
		}
	}
	return a.PrintMeasured(r, out)
}

// benchSeveral makes measurements one after the other: their nodes would take the machine
// from one another.
func (a *app) benchSeveral(ctx context.Context, runs []benchRun, out string) error {
	all := make([]sweep.Measurement, len(runs))
	for i := range runs {
		all[i] = runs[i].measurement()
	}
	bar := a.NewBar(fmt.Sprintf("%d runs", len(all)))
	results, stopped, err := sweep.Measure(ctx, all, out, func(done, total int) { bar.Update("runs", done, total) })
	bar.End()
	switch {
	case errors.Is(err, sweep.ErrBadPlan):
		return cli.BadInput(badPlanNext(err), "%v", err)
	case errors.Is(err, sweep.ErrNotSweep):
		return command.NotSweep(err)
	case err != nil:
		return err
	}
	if results.Changed > 0 {
		fmt.Fprintln(a.Stderr, command.ChangedNote(results.Changed, out))
	}
	drawn := []*report.Report{}
	for _, g := range results.Groups() {
		drawn = append(drawn, g.Runs[0].Report)
	}
	var files []string
	var undrawn error
	if out != "" && len(drawn) > 0 && len(drawn) <= maxBenchDrawn {
		files, undrawn = cli.Draw(out, func() ([]string, error) { return picture.Draw(out, drawn) })
	}
	err = a.Print(command.NewSweepResult(results), func(w io.Writer) {
		_ = results.Write(w) // into memory
		if out != "" {
			fmt.Fprintf(w, "\n%s, %s and %s in %s\n", report.Count(len(results.Runs), "report"), sweep.ResultsFile, report.Count(len(files), "picture"), out)
		}
	})
	switch {
	case err != nil:
		return err
	case undrawn != nil:
		return cli.NotDrawn(undrawn)
	case stopped:
		return command.Interrupted(results)
	}
	return nil
}
