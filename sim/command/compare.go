package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"kadmium/internal/cli"
	"kadmium/sim/report"
	"kadmium/sim/sweep"
)

// mostRuns bounds the reports of a directory that is compared.
const mostRuns = 100_000

// compare sets two reports side by side, or the runs of two directories.
func compare(a *cli.App, pathA, pathB string) error {
	switch one, other := isDirectory(pathA), isDirectory(pathB); {
	case one && other:
		return compareDirectories(a, pathA, pathB)
	case one || other:
		return cli.BadInput("name two reports, or two directories of reports", "--compare: of %s and %s only one is a directory", pathA, pathB)
	}
	return compareReports(a, pathA, pathB)
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func compareDirectories(a *cli.App, pathA, pathB string) error {
	one, err := readRuns(a, pathA)
	if err != nil {
		return err
	}
	other, err := readRuns(a, pathB)
	if err != nil {
		return err
	}
	c, err := report.CompareRuns(one, other)
	if errors.Is(err, report.ErrNotComparable) {
		return cli.BadInput("give each side the runs of one or more configurations to the end, each with a --seed of its own", "%s and %s: %v", pathA, pathB, err)
	}
	if err != nil {
		return err
	}
	return a.Print(c, func(w io.Writer) { _ = c.Write(w) })
}

// readRuns reads the reports of a directory: of a sweep those of its last plan, of any other
// all.
func readRuns(a *cli.App, dir string) ([]report.Run, error) {
	const next = "name a directory of files NAME.json that kad sim --json wrote, a run each, or one of --out"
	files, others, err := sweep.Reports(dir)
	if err != nil {
		return nil, cli.BadInput(next, "%v", err)
	}
	if len(files) == 0 {
		return nil, cli.BadInput(next, "%s: no report is in it", dir)
	}
	if len(files) > mostRuns {
		return nil, cli.BadInput("compare a part of them", "%s: %d reports, of at most %d", dir, len(files), mostRuns)
	}
	if others > 0 {
		fmt.Fprintf(a.Stderr, "note: %s of other plans in %s left out\n", report.Count(others, "report"), dir)
	}
	runs := make([]report.Run, len(files))
	for i, path := range files {
		text, err := cli.ReadReportText(path)
		if err != nil {
			return nil, err
		}
		r, err := report.Read(bytes.NewReader(text))
		if err != nil {
			return nil, cli.BadInput(next, "%s: %v", path, err)
		}
		runs[i] = report.NewRun(path, r)
	}
	return runs, nil
}
