package report_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kadmium/sim"
	"kadmium/sim/report"
)

// The figures of small runs, a row a seed, as
//
//	go test -run TestFewFalseDifferences ./sim/report -rewrite
//
// writes them: they are those of kad sim with these flags, and one seed after the other.
var cached = []struct {
	path, flags string
	runs        int
	loss        float64
}{
	{"testdata/runs.csv", "--nodes 100 --lookups 100 --k 8 --latency world", 400, 0},
	{"testdata/runs-loss.csv", "--nodes 100 --lookups 100 --k 8 --latency world --loss 0.01", 200, 0.01},
}

// simulated makes a table of runs anew.
func simulated(t *testing.T, path, flags string, runs int, loss float64) {
	t.Helper()
	var text bytes.Buffer
	fmt.Fprintf(&text, "# kad sim %s --seed 1 to %d\n", flags, runs)
	w := csv.NewWriter(&text)
	c := sim.Defaults()
	c.Nodes, c.Lookups, c.K, c.Loss = 100, 100, 8, loss
	var err error
	if c.Latency, err = sim.ParseLatency("world"); err != nil {
		t.Fatal(err)
	}
	for seed := range runs {
		c.Seed = uint64(seed + 1)
		r, err := sim.Run(context.Background(), c, nil)
		if err != nil {
			t.Fatal(err)
		}
		head, row := []string{"seed"}, []string{strconv.FormatUint(c.Seed, 10)}
		for _, m := range r.Metrics() {
			head, row = append(head, m.Name), append(row, strconv.FormatFloat(m.Value, 'g', 7, 64))
		}
		if seed == 0 {
			_ = w.Write(head) // into memory, as all of it
		}
		_ = w.Write(row)
	}
	w.Flush()
	if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// runs are those of a table.
func runs(t *testing.T, which int) []report.Run {
	t.Helper()
	of := cached[which]
	if f := flag.Lookup("rewrite"); f != nil && f.Value.String() == "true" {
		simulated(t, of.path, of.flags, of.runs, of.loss)
	}
	text, err := os.ReadFile(of.path)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var all []report.Run
	for _, row := range rows[1:] {
		seed, err := strconv.ParseUint(row[0], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, report.RunOf(seed, metrics(t, rows[0][1:], row[1:])))
	}
	if len(all) != of.runs {
		t.Fatalf("%s has %d runs", of.path, len(all))
	}
	return all
}

func metrics(t *testing.T, names, values []string) []report.Metric {
	t.Helper()
	all := make([]report.Metric, len(names))
	for i, name := range names {
		v, err := strconv.ParseFloat(values[i], 64)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = report.Metric{Name: name, Value: v}
	}
	return all
}

// costlier are runs with 5 % more requests.
func costlier(of []report.Run) []report.Run {
	all := make([]report.Run, len(of))
	for i, r := range of {
		all[i] = r.With(func(m *report.Metric) {
			if m.Name == "rpc_total" || strings.HasPrefix(m.Name, "rpcs.") {
				m.Value *= 1.05
			}
		})
	}
	return all
}

// counted compares 200 times, and says how often any figure differs, and how often the mean
// number of requests does, upwards.
func counted(t *testing.T, draw func() (a, b []report.Run), paired bool) (anything, requests int) {
	t.Helper()
	for range 200 {
		c, err := report.CompareRuns(draw())
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Groups) != 1 || c.Groups[0].Paired != paired || c.Tests < 40 {
			t.Fatalf("%d groups, %d tests", len(c.Groups), c.Tests)
		}
		differ := slices.DeleteFunc(c.Groups[0].Figures, func(f report.RunsFigure) bool { return f.Exceeds == nil || !*f.Exceeds })
		if len(differ) > 0 {
			anything++
		}
		if slices.ContainsFunc(differ, func(f report.RunsFigure) bool { return f.Name == "rpcs.mean" && *f.Difference > 0 }) {
			requests++
		}
	}
	return anything, requests
}

// Of 200 comparisons of 10 runs with 10 others of the same setting fewer than 20 find
// anything, and at least 180 find 5 % more requests. So it is with runs in pairs, whose
// sides are swapped at random so that there is no difference. docs/report.md says the same.
func TestFewFalseDifferences(t *testing.T) {
	const sample = 10
	alike, lossy := runs(t, 0), runs(t, 1)
	rng := rand.New(rand.NewPCG(1, 2))
	apart := func() (a, b []report.Run) {
		for i, at := range rng.Perm(len(alike))[:2*sample] {
			if i < sample {
				a = append(a, alike[at])
			} else {
				b = append(b, alike[at])
			}
		}
		return a, b
	}
	swapped := func() (a, b []report.Run) {
		for _, at := range rng.Perm(len(lossy))[:sample] {
			x, y := alike[at], lossy[at]
			if rng.IntN(2) == 0 {
				x, y = y, x
			}
			a, b = append(a, x), append(b, y)
		}
		return a, b
	}
	var said []any
	for _, of := range []struct {
		name   string
		draw   func() (a, b []report.Run)
		paired bool
	}{{"apart", apart, false}, {"in pairs", swapped, true}} {
		anything, _ := counted(t, of.draw, of.paired)
		_, found := counted(t, func() (a, b []report.Run) {
			a, b = of.draw()
			return a, costlier(b)
		}, of.paired)
		t.Logf("%s: of 200, %d find what is not there, %d find 5 %% more requests", of.name, anything, found)
		if anything > 19 || found < 180 {
			t.Errorf("%s: of 200, %d find what is not there, %d find 5 %% more requests", of.name, anything, found)
		}
		said = append(said, anything, found)
	}
	sentence := fmt.Sprintf("Of 200 comparisons of 10 runs with 10 others of the same setting %d have a `differs`, and 5 %% more requests are found in %d; in pairs %d and %d (`TestFewFalseDifferences`).", said...)
	page, err := os.ReadFile("../../docs/report.md")
	if err != nil || !strings.Contains(string(page), sentence) {
		t.Errorf("%v: docs/report.md does not say: %s", err, sentence)
	}
}
