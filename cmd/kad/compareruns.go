package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"kadmium/internal/cli"
	"kadmium/sim/report"
)

// mostRuns bounds the reports of a directory that is compared.
const mostRuns = 100_000

// compare sets two reports side by side, or the runs of two directories.
func (a *app) compare(pathA, pathB string) error {
	switch one, other := isDirectory(pathA), isDirectory(pathB); {
	case one && other:
		return a.compareDirectories(pathA, pathB)
	case one || other:
		return cli.BadInput("name two reports, or two directories of reports", "--compare: of %s and %s only one is a directory", pathA, pathB)
	}
	return a.compareReports(pathA, pathB)
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (a *app) compareDirectories(pathA, pathB string) error {
	one, err := readRuns(pathA)
	if err != nil {
		return err
	}
	other, err := readRuns(pathB)
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

// readRuns reads all reports of a directory: those in its subdirectory reports, if it has
// one, otherwise its own.
func readRuns(dir string) ([]report.Run, error) {
	in := dir
	if below := filepath.Join(dir, "reports"); isDirectory(below) {
		in = below
	}
	entries, err := os.ReadDir(in)
	if err != nil {
		return nil, cli.BadInput("name a directory of reports that can be read", "%v", err)
	}
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool { return filepath.Ext(e.Name()) != ".json" })
	const next = "name a directory of files NAME.json that kad sim --json wrote, a run each, or with such a directory reports"
	if len(entries) == 0 {
		return nil, cli.BadInput(next, "%s: no report is in it", dir)
	}
	if len(entries) > mostRuns {
		return nil, cli.BadInput("compare a part of them", "%s: %d reports, of at most %d", dir, len(entries), mostRuns)
	}
	runs := make([]report.Run, len(entries))
	for i, e := range entries {
		path := filepath.Join(in, e.Name())
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
