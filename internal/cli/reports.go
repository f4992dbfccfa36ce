package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kadmium/sim/picture"
	"kadmium/sim/report"
	"kadmium/sim/sweep"
)

// MakeOut makes the directory of pictures, and refuses before a long run one that cannot be
// made or written to.
func MakeOut(out string) error {
	if out == "" {
		return nil
	}
	if info, err := os.Stat(out); err == nil && !info.IsDir() {
		return BadInput("name a directory; it is made if it is not there", "--out: %s is no directory", out)
	}
	const next = "name a directory that can be written to with --out"
	if err := os.MkdirAll(out, 0o755); err != nil {
		return NotDone(next, "--out: %v", err)
	}
	f, err := os.CreateTemp(out, ".kad")
	if err != nil {
		return NotDone(next, "--out: %v", err)
	}
	f.Close()
	return os.Remove(f.Name())
}

// PrintReport prints a report, draws it if out names a directory, and fails if it is
// partial. What was measured is printed even if it could not be drawn.
func (a *App) PrintReport(r *report.Report, out string) error {
	var files []string
	var undrawn error
	if out != "" {
		files, undrawn = Draw(out, func() ([]string, error) { return picture.Draw(out, []*report.Report{r}) })
	}
	err := a.Print(r, func(w io.Writer) {
		_ = r.Write(w) // into memory
		if len(files) > 0 {
			fmt.Fprintf(w, "\n%s in %s\n", report.Count(len(files), "picture"), out)
		}
	})
	switch {
	case err != nil:
		return err
	case undrawn != nil:
		return NotDrawn(undrawn)
	case r.Partial:
		return errPartial
	}
	return nil
}

// PrintMeasured prints the report of a measurement as PrintReport does. Of one that was
// interrupted out gets nothing: what it has is of whole runs (design R11.5).
func (a *App) PrintMeasured(r *report.Report, out string) error {
	if !r.Partial || out == "" {
		return a.PrintReport(r, out)
	}
	err := a.PrintReport(r, "")
	if errors.Is(err, errPartial) {
		return &Failure{Message: fmt.Sprintf("interrupted: the report is of the part that ran, and nothing of it was kept in %s", out),
			Next: "run it again to the end: only whole runs are kept", Code: ExitNotDone, Printed: true}
	}
	return err
}

// Draw draws pictures into a directory, and has its manifest name them.
func Draw(out string, draw func() ([]string, error)) (files []string, err error) {
	files, err = draw()
	if noted := sweep.Pictures(out, files); err == nil {
		err = noted
	}
	return files, err
}

// NotDrawn says that pictures could not be drawn.
func NotDrawn(err error) error {
	return &Failure{Message: fmt.Sprintf("drawing: %v", err), Next: "check the directory of --out; the report is printed all the same", Code: ExitNotDone, Printed: true}
}

// errPartial ends a command that was interrupted and has printed its report.
var errPartial error = &Failure{Message: "interrupted: the report is of the part that ran", Next: "run it again to the end", Code: ExitNotDone, Printed: true}

// OnlyReads refuses flags of a measurement beside one that only reads reports, except
// those that go with it.
func OnlyReads(cmd *cobra.Command, reads string, goWith ...string) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Name != reads && f.Name != "json" && !slices.Contains(goWith, f.Name) && Typed(cmd, f.Name) {
			err = BadInput("leave one of them out", "--%s is for a measurement, and --%s makes none", f.Name, reads)
		}
	})
	return err
}

// ReportNext says which files are reports.
const ReportNext = "name a file that kad sim --json or kad bench --json wrote"

// ReadReport reads a report from a file.
func ReadReport(path string) (*report.Report, error) {
	text, err := ReadReportText(path)
	if err != nil {
		return nil, err
	}
	r, err := report.Read(bytes.NewReader(text))
	if err != nil {
		return nil, BadInput(ReportNext, "%s: %v", path, err)
	}
	return r, nil
}

// ReadReportText reads a file, up to what a report may have and a byte more.
func ReadReportText(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", path)
	}
	if err != nil {
		return nil, BadInput(ReportNext, "%v", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, BadInput(ReportNext, "%v", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, report.MaxSize+1))
	if err != nil {
		return nil, BadInput(ReportNext, "%s: %v", path, err)
	}
	return text, nil
}
