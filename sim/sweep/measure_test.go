package sweep

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"kadmium/sim"
	"kadmium/sim/report"
)

// measurements are of two values of alpha and three seeds; made counts how many were made.
func measurements(t *testing.T, made *int) (all []Measurement) {
	t.Helper()
	combinations, err := Combinations([]Axis{{"alpha", []string{"1", "3"}}, {"seed", []string{"1", "2", "3"}}})
	if err != nil {
		t.Fatal(err)
	}
	for i, settings := range combinations {
		all = append(all, Measurement{settings, func(context.Context) (*report.Report, error) {
			*made++
			return &report.Report{Kind: report.Bench, RPCTotal: uint64(i)}, nil
		}})
	}
	return all
}

// Measurements run in their order, what is kept is not made again, and the table has their
// settings alone; it comes back from the directory.
func TestMeasure(t *testing.T) {
	dir := t.TempDir()
	made := 0
	ctx, stop := context.WithCancel(t.Context())
	results, stopped, err := Measure(ctx, measurements(t, &made), dir, func(done, total int) {
		if done == 4 {
			stop()
		}
	})
	if err != nil || !stopped || made != 4 || len(results.Runs) != 4 || len(results.Missing) != 2 || len(manifest(t, dir).Missing) != 2 {
		t.Fatal(results, stopped, made, err)
	}
	results, stopped, err = Measure(t.Context(), measurements(t, &made), dir, nil)
	if err != nil || stopped || made != 6 || len(results.Runs) != 6 || !slices.Equal(results.Varied, []string{"alpha", "seed"}) || len(results.Groups()) != 2 {
		t.Fatal(results, stopped, made, err)
	}
	for i, run := range results.Runs {
		if run.Report.RPCTotal != uint64(i) {
			t.Errorf("run %d: %d", i, run.Report.RPCTotal)
		}
	}
	table := read(t, dir, ResultsFile)
	if !strings.HasPrefix(string(table), "run,alpha,seed,metric,value\n") {
		t.Errorf("%.80s", table)
	}
	opened, err := open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := opened.WriteTable(&again); err != nil || !bytes.Equal(again.Bytes(), table) {
		t.Errorf("what was kept makes another table: %v", err)
	}
	one := measurements(t, &made)[5]
	single, err := one.Single(dir)
	if err != nil || single.Kept == nil {
		t.Fatal(single, err)
	}
	if err := single.Keep(&report.Report{Kind: report.Bench}, nil); err != nil {
		t.Fatal(err)
	}
	if l, err := Reports(dir); err != nil || len(l.Reports) != 1 || l.Others != 5 {
		t.Error(l, err)
	}
}

// What failed ends the sweep, and what had ended is kept; two of the same are refused.
func TestMeasureFails(t *testing.T) {
	dir := t.TempDir()
	made := 0
	all := measurements(t, &made)
	failed := errors.New("no socket")
	of := all[2].Run
	all[2].Run = func(context.Context) (*report.Report, error) { return nil, failed }
	if _, _, err := Measure(t.Context(), all, dir, nil); !errors.Is(err, failed) || made != 2 || len(manifest(t, dir).Runs) != 2 {
		t.Error(err, made)
	}
	all[2].Run = of
	if results, _, err := Measure(t.Context(), all, dir, nil); err != nil || made != 6 || len(results.Runs) != 6 {
		t.Error(results, err, made)
	}
	if _, _, err := Measure(t.Context(), append(all, Measurement{Settings: []sim.Setting{{Name: "alpha", Value: "1"}, {Name: "seed", Value: "2"}}}), dir, nil); !errors.Is(err, ErrBadPlan) {
		t.Error(err)
	}
}
