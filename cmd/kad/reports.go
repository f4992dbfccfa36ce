package main

import (
	"fmt"
	"io"
	"os"

	"kadmium/sim/picture"
	"kadmium/sim/report"
)

// makeOut makes the directory of pictures, and refuses before a long run one that cannot be
// made or written to.
func makeOut(out string) error {
	if out == "" {
		return nil
	}
	if info, err := os.Stat(out); err == nil && !info.IsDir() {
		return badInput("name a directory; it is made if it is not there", "--out: %s is no directory", out)
	}
	const next = "name a directory that can be written to with --out"
	if err := os.MkdirAll(out, 0o755); err != nil {
		return notDone(next, "--out: %v", err)
	}
	f, err := os.CreateTemp(out, ".kad")
	if err != nil {
		return notDone(next, "--out: %v", err)
	}
	f.Close()
	return os.Remove(f.Name())
}

// printReport prints a report, draws it if out names a directory, and fails if it is
// partial. What was measured is printed even if it could not be drawn.
func (a *app) printReport(r *report.Report, out string) error {
	var files []string
	var undrawn error
	if out != "" {
		files, undrawn = picture.Draw(out, []*report.Report{r})
	}
	err := a.print(r, func(w io.Writer) {
		_ = r.Write(w) // into memory
		if len(files) > 0 {
			fmt.Fprintf(w, "\n%s in %s\n", report.Count(len(files), "picture"), out)
		}
	})
	switch {
	case err != nil:
		return err
	case undrawn != nil:
		return notDrawn(undrawn)
	case r.Partial:
		return errPartial
	}
	return nil
}

// notDrawn says that pictures could not be drawn.
func notDrawn(err error) error {
	return &failure{Message: fmt.Sprintf("drawing: %v", err), Next: "check the directory of --out; the report is printed all the same", Code: exitNotDone, printed: true}
}

// errPartial ends a command that was interrupted and has printed its report.
var errPartial error = &failure{Message: "interrupted: the report is of the part that ran", Next: "run it again to the end", Code: exitNotDone, printed: true}
