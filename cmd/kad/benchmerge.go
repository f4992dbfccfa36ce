package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"kadmium/internal/cli"
	"kadmium/sim/report"
)

// atLeastTwoReports checks the arguments of kad bench --merge.
func atLeastTwoReports(cmd *cobra.Command, args []string) error {
	const next = "kad bench --merge A.json B.json ..."
	switch {
	case len(args) < 2:
		return cli.BadInput(next, "--merge makes one report of several, got %d", len(args))
	case len(args) > report.MaxMerged:
		return cli.BadInput("merge some of them first, then what comes out", "--merge takes up to %d reports, got %d", report.MaxMerged, len(args))
	}
	return nil
}

// mergeReports prints the one report that those of several clients make.
func (a *app) mergeReports(paths []string, out string) error {
	reports := make([]*report.Report, len(paths))
	of := make(map[string]string)     // the file of each report
	seeded := make(map[uint64]string) // the first file with each seed
	for i, path := range paths {
		var err error
		if reports[i], err = cli.ReadReport(path); err != nil {
			return err
		}
		whole, err := json.Marshal(reports[i])
		if err != nil {
			return err
		}
		if first, twice := of[string(whole)]; twice {
			return cli.BadInput("name the report of each client once", "%s and %s are the same report", first, path)
		}
		of[string(whole)] = path
		seed := reports[i].Config.Seed
		if first, shared := seeded[seed]; shared {
			fmt.Fprintf(a.Stderr, "note: %s and %s have the same seed, %d: what their clients looked for is the same, too\n", first, path, seed)
		} else {
			seeded[seed] = path
		}
	}
	merged, err := report.Merge(reports)
	if err != nil {
		return cli.BadInput("merge what kad bench --bootstrap --json wrote in one network, with the same flags", "%v", fmt.Errorf("%s and others: %w", paths[0], err))
	}
	return a.PrintReport(merged, out)
}
