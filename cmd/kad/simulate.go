package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"kadmium/internal/cli"
	"kadmium/sim"
	"kadmium/sim/picture"
	"kadmium/sim/report"
	"kadmium/sim/sweep"
)

// A sweepResult is `kad sim` with several runs.
type sweepResult struct {
	Sweep []*report.Report `json:"sweep"`
}

// simulate runs simulations and prints their reports, one as one object, several as a
// sweep. When the context ends it prints what there is.
func (a *app) simulate(ctx context.Context, configs []sim.Config, out string) error {
	if len(configs) == 1 {
		return a.simulateOne(ctx, configs[0], out)
	}
	bar := a.NewBar(fmt.Sprintf("%d runs", len(configs)))
	results, stopped, err := sweep.Execute(ctx, configs, out, func(done, total int) { bar.Update("runs", done, total) })
	bar.End()
	if err != nil {
		return sweepFailed(err, out)
	}
	reports := []*report.Report{}
	for i := range results.Runs {
		reports = append(reports, results.Runs[i].Report)
	}
	var files []string
	var undrawn error
	drawn := firstOfEach(results)
	if out != "" && len(drawn) > 0 && len(drawn) <= maxDrawn {
		files, undrawn = picture.Draw(out, drawn)
	}
	err = a.Print(sweepResult{reports}, func(w io.Writer) {
		_ = results.Write(w) // into memory
		if out != "" {
			fmt.Fprintf(w, "\n%s, %s and %s in %s\n", report.Count(len(reports), "report"), sweep.ResultsFile, report.Count(len(files), "picture"), out)
		}
	})
	switch {
	case err != nil:
		return err
	case undrawn != nil:
		return cli.NotDrawn(undrawn)
	case stopped && out != "":
		return &cli.Failure{Message: fmt.Sprintf("interrupted: %d of %d runs have ended", len(reports), len(configs)), Next: "run it again with the same --out: what is there is not run again", Code: cli.ExitNotDone, Printed: true}
	case stopped:
		return &cli.Failure{Message: fmt.Sprintf("interrupted: %d of %d runs have ended", len(reports), len(configs)), Next: "run it again, with --out so that what has ended is kept", Code: cli.ExitNotDone, Printed: true}
	}
	return nil
}

// maxDrawn bounds the configurations of a sweep that pictures are drawn of: each has some
// ten of them.
const maxDrawn = 8

// firstOfEach are the reports of the first seed of each configuration.
func firstOfEach(results *sweep.Results) (reports []*report.Report) {
	for _, g := range results.Groups() {
		reports = append(reports, g.Runs[0].Report)
	}
	return reports
}

// simulateOne runs one simulation, with a bar of its own progress.
func (a *app) simulateOne(ctx context.Context, c sim.Config, out string) error {
	bar := a.NewBar(fmt.Sprintf("%d nodes", c.Nodes))
	r, err := sim.Run(ctx, c, bar.Update)
	bar.End()
	if err != nil {
		return err
	}
	if r.Theory, err = sim.Expected(c); err != nil {
		return err
	}
	if out != "" && !r.Partial {
		if err := sweep.Keep(out, c, r); err != nil {
			return sweepFailed(err, out)
		}
	}
	return a.PrintReport(r, out)
}

// sweepFailed says why a sweep has not ended.
func sweepFailed(err error, out string) error {
	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) || errors.Is(err, os.ErrPermission) {
		return cli.NotDone("check the directory of --out", "%s: %v", out, err)
	}
	return err
}
