package sweep

import (
	"bytes"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"kadmium/sim"
	"kadmium/sim/report"
)

// Runs that lost no datagram, or in which nobody was away, have 0 of that in the table, in
// groups and in pictures, whichever of them is asked for.
func TestWorkThatSomeRunsNeverDid(t *testing.T) {
	r := resultsOf(configs(t, nil, Axis{"alpha", []string{"1", "3"}}, Axis{"seed", []string{"1", "2", "3"}}))
	for i := range r.Runs {
		r.Runs[i].Report.Work = []report.Work{{Name: "datagrams", Count: 900}}
	}
	r.Runs[1].Report.Work = append(r.Runs[1].Report.Work, report.Work{Name: "datagrams.lost", Count: 6})
	want := [][]float64{{0, 6, 0}, {0, 0, 0}}
	for i, g := range r.Groups() {
		if got := g.Values("work.datagrams.lost"); !slices.Equal(got, want[i]) {
			t.Errorf("group %d: %v, want %v", i, got, want[i])
		}
	}
	var table bytes.Buffer
	if err := r.WriteTable(&table); err != nil || strings.Count(table.String(), ",work.datagrams.lost,0\n") != 5 || strings.Count(table.String(), ",work.datagrams.lost,6\n") != 1 {
		t.Errorf("%v: %s", err, &table)
	}
	for metric, means := range map[string][2]float64{"work.datagrams.lost": {2, 0}, "work.datagrams.replayed": {0, 0}} {
		charts, err := r.Charts(Plot{Metric: metric, X: "alpha"})
		if err != nil || len(charts) != 1 {
			t.Fatal(charts, err)
		}
		for x, mean := range means {
			if p := charts[0].Points[At{X: x}]; p.Runs != 3 || p.Mean != mean {
				t.Errorf("%s: %+v, want the mean %v of 3 runs", metric, p, mean)
			}
		}
	}
	charts, err := r.Charts(Plot{Metric: "work.probes", X: "alpha"}) // these runs count no such work
	if err != nil || len(charts[0].Points) != 0 {
		t.Errorf("%+v, %v", charts, err)
	}
}

// The hops that theory expects stand beside those measured, where it covers a configuration,
// and in the table of all figures.
func TestTheoryInTables(t *testing.T) {
	base := sim.Defaults()
	base.Nodes, base.Lookups = 300, 10
	p := Plan{Base: base, Axes: []Axis{{"loss", []string{"0", "0.1"}}, {"seed", []string{"1", "2"}}}}
	all, err := p.Configs(nil)
	if err != nil {
		t.Fatal(err)
	}
	results := execute(t, all, "")
	var text, table bytes.Buffer
	if err := results.Write(&text); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`hops.mean +theory +rounds.mean`).MatchString(text.String()) || !regexp.MustCompile(`(?m)^ +0 +2 +\S+ +\S+ +\S+ +1\.\d+ `).MatchString(text.String()) || !regexp.MustCompile(`(?m)^ +0\.1 +2 +\S+ +\S+ +\S+ +- `).MatchString(text.String()) {
		t.Error(text.String())
	}
	if err := results.WriteTable(&table); err != nil || strings.Count(table.String(), ",theory.hops,1.") != 2 {
		t.Errorf("%v: %d rows of theory", err, strings.Count(table.String(), "theory"))
	}
	results.Runs = results.Runs[2:]
	text.Reset()
	if err := results.Write(&text); err != nil || strings.Contains(text.String(), "theory") {
		t.Errorf("%v: a column of nothing: %s", err, &text)
	}
}

// Of runs that share the machine the memory is not told, also if nothing is kept.
func TestMemoryOfRunsThatShareTheMachine(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	for i, run := range execute(t, small(t), "").Runs {
		if m := run.Report.Machine.MemoryBytesPerNode; m != 0 {
			t.Errorf("run %d: %v bytes a node", i, m)
		}
	}
	if m := execute(t, small(t)[:1], "").Runs[0].Report.Machine.MemoryBytesPerNode; m == 0 {
		t.Error("it is not told of a run that has the machine for itself")
	}
}
