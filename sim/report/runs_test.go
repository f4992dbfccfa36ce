package report

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// ofSeeds are runs of a fixture's kind, a seed each.
func ofSeeds(nodes, alpha int, hops float64, from, to uint64) []Run {
	var all []Run
	for seed := from; seed <= to; seed++ {
		r := simulated(nodes, hops, seed)
		r.Config.Alpha = alpha
		all = append(all, NewRun(fmt.Sprintf("%d-%d-%d.json", nodes, alpha, seed), r))
	}
	return all
}

// huge are runs with the largest figures that a report can have.
func huge(from, to uint64) []Run {
	var all []Run
	for seed := from; seed <= to; seed++ {
		r := day()
		r.Config.Seed = seed
		for _, d := range r.distributions() {
			d.Mean, d.P50, d.P90, d.P95, d.P99, d.Max = 1<<53-float64(seed<<40), 1e6+float64(seed), 999_999-float64(seed*seed), 123_456*float64(seed), 1e-6*float64(seed), 1e9*float64(seed)
		}
		all = append(all, NewRun("huge.json", r))
	}
	return all
}

// testdata/runs.txt: what people see of two sets of runs.
func TestRunsGolden(t *testing.T) {
	sides := map[string][2][]Run{
		"pairs":       {ofSeeds(1000, 3, 2, 1, 6), ofSeeds(1000, 5, 2.2, 1, 6)},
		"independent": {ofSeeds(1000, 3, 2, 1, 6), ofSeeds(1000, 3, 2, 11, 18)},
		"few":         {ofSeeds(1000, 3, 2, 1, 4), ofSeeds(1000, 5, 2, 1, 5)},
		"sweep":       {append(ofSeeds(10_000, 3, 2, 1, 5), ofSeeds(1000, 3, 2, 1, 5)...), append(ofSeeds(1000, 5, 2, 1, 5), ofSeeds(100, 5, 2, 1, 5)...)},
		"huge":        {huge(1, 6), huge(11, 16)},
	}
	datadriven.RunTest(t, "testdata/runs.txt", func(t *testing.T, d *datadriven.TestData) string {
		of, ok := sides[d.CmdArgs[0].Key]
		if !ok || d.Cmd != "compare" {
			d.Fatalf(t, "unknown command")
		}
		c, err := CompareRuns(of[0], of[1])
		var b bytes.Buffer
		if err := errors.Join(err, c.Write(&b)); err != nil {
			d.Fatalf(t, "%v", err)
		}
		fits(t, b.String())
		return b.String()
	})
}

// Which runs are compared with which.
func TestRunsAreMatched(t *testing.T) {
	for _, c := range []struct {
		name    string
		a, b    []Run
		paired  bool
		compare [2]int // runs of a and of b
		leftOut int
	}{
		{"the same seeds", ofSeeds(50, 3, 2, 1, 5), ofSeeds(50, 5, 2, 1, 5), true, [2]int{5, 5}, 0},
		{"the seeds of one among those of the other", ofSeeds(50, 3, 2, 1, 9), ofSeeds(50, 5, 2, 2, 6), true, [2]int{5, 5}, 4},
		{"a few seeds in both", ofSeeds(50, 3, 2, 1, 9), ofSeeds(50, 5, 2, 9, 14), false, [2]int{9, 6}, 0},
		{"other seeds", ofSeeds(50, 3, 2, 1, 5), ofSeeds(50, 3, 2, 6, 10), false, [2]int{5, 5}, 0},
		{"another number of nodes", ofSeeds(50, 3, 2, 1, 5), ofSeeds(60, 3, 2, 1, 5), true, [2]int{5, 5}, 0},
	} {
		got, err := CompareRuns(c.a, c.b)
		if err != nil || len(got.Groups) != 1 || len(got.Alone) != 0 {
			t.Errorf("%s: %d groups, %v", c.name, len(got.Groups), err)
			continue
		}
		g := &got.Groups[0]
		if have := [2]int{len(g.SeedsA), len(g.SeedsB)}; g.Paired != c.paired || have != c.compare || g.LeftOut != c.leftOut {
			t.Errorf("%s: paired %v, %v runs, %d left out", c.name, g.Paired, have, g.LeftOut)
		}
	}
}

// Runs that would count for what they are not are refused by name.
func TestRunsRefused(t *testing.T) {
	unfinished := NewRun("unfinished.json", partial())
	for _, c := range []struct {
		a, b []Run
		says string
	}{
		{ofSeeds(50, 3, 2, 1, 5), append(ofSeeds(50, 3, 2, 1, 5), ofSeeds(50, 3, 2, 3, 3)...), "50-3-3.json and 50-3-3.json are of one configuration and one seed, 3"},
		{[]Run{unfinished}, ofSeeds(50, 3, 2, 1, 5), "unfinished.json is of a run that was interrupted"},
		{append(ofSeeds(50, 3, 2, 1, 5), ofSeeds(60, 3, 2, 1, 5)...), ofSeeds(70, 3, 2, 1, 5), "nodes 50 in a only, nodes 60 in a only, nodes 70 in b only"},
	} {
		if _, err := CompareRuns(c.a, c.b); !errors.Is(err, ErrNotComparable) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want %s", err, c.says)
		}
	}
}

// The metrics of a report have the names and values of a comparison, and say nothing of the
// machine.
func TestMetrics(t *testing.T) {
	r := day()
	of := make(map[string]float64)
	for _, m := range r.Metrics() {
		of[m.Name] = m.Value
	}
	for name, want := range map[string]float64{"hops.mean": r.Hops.Mean, "latency_ms.p99": r.LatencyMS.P99, "values.lost": 1, "work.probes": 9012, "rpc_total": float64(r.RPCTotal)} {
		if got, ok := of[name]; !ok || got != want {
			t.Errorf("%s is %v, %v, want %v", name, got, ok, want)
		}
	}
	if _, ok := of["machine.cpus"]; ok || r.Machine.CPUs == 0 {
		t.Error("the machine is among the metrics, or no longer in the report")
	}
	if again := day().Metrics(); !reflect.DeepEqual(again, r.Metrics()) {
		t.Error("they depend on more than the report")
	}
}
