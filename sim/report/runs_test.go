package report

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
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
		"five":        {ofSeeds(1000, 3, 2, 1, 5), ofSeeds(1000, 5, 2.2, 1, 5)},
		"few":         {ofSeeds(1000, 3, 2, 1, 4), ofSeeds(1000, 5, 2, 1, 5)},
		"sweep":       {append(ofSeeds(10_000, 3, 2, 1, 6), ofSeeds(1000, 3, 2, 1, 6)...), append(ofSeeds(1000, 5, 2, 1, 6), ofSeeds(100, 5, 2, 1, 6)...)},
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

// In pairs there are verdicts from 6 on: of 5 all differences have one sign by chance in 2 of
// 32 cases, more often than Chance.
func TestFewPairsHaveNoVerdict(t *testing.T) {
	of := func(n int, value float64) (runs []Run) {
		for seed := range uint64(n) {
			runs = append(runs, RunOf(seed, []Metric{{"rpcs.mean", value}}))
		}
		return runs
	}
	for n, verdict := range map[int]bool{5: false, 6: true} {
		c, err := CompareRuns(of(n, 3), of(n, 4))
		if err != nil {
			t.Fatal(err)
		}
		f := c.Groups[0].Figures[0]
		if f.Low == nil || *f.Low != 1 || *f.High != 1 || (f.P != nil) != verdict || (f.Exceeds != nil) != verdict || (c.Tests == 1) != verdict {
			t.Errorf("%d pairs: %+v", n, f)
		}
	}
}

// The mean of work that some runs never did is that of all: reports leave zeros out.
func TestWorkThatSomeRunsNeverDid(t *testing.T) {
	of := func(from uint64, lost ...float64) (runs []Run) {
		for i, n := range lost {
			work := []Metric{{"hops.mean", 2}, {"work.datagrams", 900}, {"buckets.dead", 0}}
			if n > 0 {
				work = slices.Insert(work, 2, Metric{"work.datagrams.lost", n})
			}
			runs = append(runs, RunOf(from+uint64(i), work))
		}
		return runs
	}
	a, b := of(1, 0, 3, 0, 1, 2, 0), of(1, 0, 0, 0, 0, 0, 0)
	c, err := CompareRuns(a, b)
	if err != nil {
		t.Fatal(err)
	}
	f := c.Groups[0].Figures[2]
	if f.Name != "work.datagrams.lost" || f.A.N != 6 || *f.A.Mean != 1 || f.B.N != 6 || *f.B.Mean != 0 || f.Difference == nil || *f.Difference != -1 {
		t.Errorf("%+v", f)
	}
	if len(a[0].metrics) != 3 {
		t.Error("the runs that were given are changed")
	}
}

// The metrics of several reports have zeros for work that only some did, in one order, and of
// what is asked for; what theory expects is one, though runs are not compared by it.
func TestMetricsOf(t *testing.T) {
	sent, lost := Work{"datagrams", 9}, Work{"datagrams.lost", 1}
	reports := []*Report{{Kind: Sim, Work: []Work{sent}, Theory: &Theory{Hops: 2.5}}, {Kind: Sim, Work: []Work{{"probes", 3}, sent, lost}}}
	var got []string
	for _, metrics := range MetricsOf(reports, "work.datagrams.replayed", "hops.mean") {
		line := ""
		for _, m := range metrics {
			if strings.HasPrefix(m.Name, "work.") || strings.HasPrefix(m.Name, "theory.") {
				line += fmt.Sprintf("%s %v ", m.Name, m.Value)
			}
		}
		got = append(got, line)
	}
	want := []string{"work.datagrams 9 work.datagrams.lost 0 work.datagrams.replayed 0 theory.hops 2.5 ", "work.datagrams 9 work.probes 3 work.datagrams.lost 1 work.datagrams.replayed 0 "}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for _, m := range NewRun("a.json", reports[0]).metrics {
		if m.Name == "theory.hops" {
			t.Error("runs are compared by what theory expects")
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
