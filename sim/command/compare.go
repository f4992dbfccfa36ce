package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"kadmium/internal/cli"
	"kadmium/sim/report"
	"kadmium/sim/sweep"
)

// mostRuns bounds the reports of a directory that is compared.
const mostRuns = 100_000

// comparedNext says what --compare takes.
const comparedNext = "name two files that kad sim --json or kad bench --json wrote, or two directories of --out"

// A comparedSide is what one argument of --compare names.
type comparedSide struct {
	path      string
	directory bool
	choice    string // of the runs in the directory; empty: all
}

// sideOf reads an argument of --compare: a file, a directory, or DIR:NAME=VALUE.
func sideOf(arg string) (comparedSide, error) {
	info, err := os.Stat(arg)
	if err == nil {
		return comparedSide{path: arg, directory: info.IsDir()}, nil
	}
	for i, c := range arg {
		if c != ':' || !strings.Contains(arg[i:], "=") {
			continue
		}
		if info, err := os.Stat(arg[:i]); err == nil && info.IsDir() {
			return comparedSide{arg[:i], true, arg[i+1:]}, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return comparedSide{}, cli.BadInput(comparedNext, "--compare: there is no %s", arg)
	}
	return comparedSide{}, cli.BadInput(comparedNext, "--compare: %v", err)
}

// compare sets two reports side by side, or the runs of two directories.
func compare(a *cli.App, one, other string) error {
	x, err := sideOf(one)
	if err != nil {
		return err
	}
	y, err := sideOf(other)
	switch {
	case err != nil:
		return err
	case x.directory && y.directory:
		return compareDirectories(a, x, y)
	case x.directory || y.directory:
		return cli.BadInput("name two reports, or two directories of reports", "--compare: of %s and %s only one is a directory", one, other)
	}
	return compareReports(a, one, other)
}

// compareReports sets two reports side by side.
func compareReports(a *cli.App, pathA, pathB string) error {
	one, err := cli.ReadReport(pathA)
	if err != nil {
		return err
	}
	other, err := cli.ReadReport(pathB)
	if err != nil {
		return err
	}
	c := report.Compare(one, other)
	return a.Print(c, func(w io.Writer) { _ = c.Write(w) })
}

func compareDirectories(a *cli.App, x, y comparedSide) error {
	one, err := readRuns(a, x)
	if err != nil {
		return err
	}
	other, err := readRuns(a, y)
	if err != nil {
		return err
	}
	c, err := report.CompareRuns(one, other)
	if errors.Is(err, report.ErrNotComparable) {
		return cli.BadInput("give each side the runs of one or more configurations to the end, each with a --seed of its own", "%s and %s: %v", x.path, y.path, err)
	}
	if err != nil {
		return err
	}
	return a.Print(c, func(w io.Writer) { _ = c.Write(w) })
}

// readRuns reads the reports of a directory: of a sweep those of its last plan, of any other
// all.
func readRuns(a *cli.App, side comparedSide) ([]report.Run, error) {
	const next = "name a directory of files NAME.json that kad sim --json wrote, a run each, or one of --out"
	const again = "give the command that made the directory again: it goes on"
	l, err := sweep.Reports(side.path)
	if err != nil {
		return nil, cli.BadInput(next, "%v", err)
	}
	if side.choice != "" {
		if err := l.Choose(side.choice); err != nil {
			return nil, cli.BadInput("write DIR:NAME=VALUE, or DIR:NAME=VALUE,NAME=VALUE, with what manifest.json has as params", "--compare: %v", err)
		}
	}
	planned := len(l.Reports) + len(l.Missing)
	switch {
	case len(l.Reports) == 0 && planned > 0:
		return nil, cli.BadInput(again, "%s: of %s none has ended", l.Dir, report.Count(planned, "run"))
	case len(l.Reports) == 0:
		return nil, cli.BadInput(next, "%s: no report is in it", l.Dir)
	case len(l.Reports) > mostRuns:
		return nil, cli.BadInput("compare a part of them", "%s: %d reports, of at most %d", l.Dir, len(l.Reports), mostRuns)
	}
	if len(l.Missing) > 0 {
		fmt.Fprintf(a.Stderr, "note: %d of %s in %s have not ended, and are missing here; the command that made it goes on\n", len(l.Missing), report.Count(planned, "run"), l.Dir)
	}
	if l.Others > 0 {
		fmt.Fprintf(a.Stderr, "note: %s of other plans in %s left out\n", report.Count(l.Others, "report"), l.Dir)
	}
	runs := make([]report.Run, len(l.Reports))
	for i := range l.Reports {
		r, err := l.Reports[i].Read()
		switch {
		case errors.Is(err, sweep.ErrChanged):
			return nil, cli.BadInput("give the command that made the directory again, which makes it anew; kad sim verify says what of a simulation's report was changed", "%v", err)
		case err != nil:
			return nil, cli.BadInput(next, "%v", err)
		}
		runs[i] = report.NewRun(l.Reports[i].Path, r)
	}
	return runs, nil
}
