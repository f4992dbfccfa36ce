package sweep

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kadmium/sim"
	"kadmium/sim/report"
)

// configs are the runs of a grid.
func configs(t *testing.T, finish func(*sim.Config), axes ...Axis) []sim.Config {
	t.Helper()
	p := Plan{Base: sim.Defaults(), Axes: axes}
	all, err := p.Configs(finish)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// resultsOf are results whose hops are alpha and whose requests are k and the seed.
func resultsOf(all []sim.Config) *Results {
	r := &Results{Varied: varied(all)}
	for i := range all {
		c := &all[i]
		hops, requests := float64(c.Alpha), float64(c.K)+float64(c.Seed)
		r.Runs = append(r.Runs, Run{strconv.Itoa(i), params(c), &report.Report{Kind: report.Sim, Lookups: 10, Succeeded: 10,
			Hops: report.NewDistribution([]float64{hops}), RPCs: report.NewDistribution([]float64{requests})}})
	}
	return r
}

func TestParsePlot(t *testing.T) {
	for text, want := range map[string]Plot{
		"hops.mean:nodes":                  {Metric: "hops.mean", X: "nodes"},
		"hops.mean:nodes:alpha":            {Metric: "hops.mean", X: "nodes", Line: "alpha"},
		"hops.mean:nodes:alpha:k":          {Metric: "hops.mean", X: "nodes", Line: "alpha", Panel: "k"},
		"hops.mean:nodes::k":               {Metric: "hops.mean", X: "nodes", Panel: "k"},
		"heat:latency_ms.p99:alpha:k":      {Metric: "latency_ms.p99", X: "alpha", Y: "k"},
		"heat:latency_ms.p99:alpha:k:loss": {Metric: "latency_ms.p99", X: "alpha", Y: "k", Panel: "loss"},
	} {
		if got, err := ParsePlot(text); err != nil || got != want || got.String() != text {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "hops.mean", ":nodes", "hops.mean:", "a:b:c:d:e", "heat:hops.mean:nodes", "heat:hops.mean:nodes:", "heat:a:b:c:d:e"} {
		if got, err := ParsePlot(text); !errors.Is(err, ErrBadPlot) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

// What cannot be drawn is known before the runs, and the error says what there is.
func TestCheckPlots(t *testing.T) {
	seeds := Axis{"seed", []string{"1", "2"}}
	all := configs(t, nil, Axis{"nodes", []string{"10", "20"}}, Axis{"alpha", []string{"1", "3"}}, seeds)
	many := configs(t, nil, Axis{"alpha", strings.Split("1,2,3,4,5,6,7,8,9", ",")}, Axis{"k", strings.Split("1,2,3,4,5,6,7,8,9,10,11,12,13", ",")}, Axis{"loss", []string{"0", "0.1"}})
	for _, c := range []struct {
		of   []sim.Config
		plot string
		says []string // nothing: it can be drawn
	}{
		{all, "hops.mean:nodes", nil},
		{all, "hops.mean:alpha:nodes", nil},
		{all, "work.datagrams.lost:alpha", nil},
		{all, "heat:buckets.contacts:alpha:nodes", nil},
		{all, "hops.p50x:nodes", []string{`no metric "hops.p50x"`, "hops.mean|p50|p90|p95|p99|max, ", "succeeded", "work.datagrams"}},
		{all, "hops.mean:size", []string{`no parameter "size"`, "nodes, lookups, k, alpha"}},
		{all, "hops.mean:k", []string{"k has one value only", "what varies is nodes, alpha"}},
		{all, "hops.mean:nodes:nodes", []string{"twice"}},
		{all, "hops.mean:seed", []string{"means and bands are over them"}},
		{configs(t, nil, Axis{"trace-of", []string{"typical", "worst"}}, Axis{"alpha", []string{"1", "3"}}), "hops.mean:trace-of", []string{"changes none of its figures"}},
		{all, "values.found:nodes", []string{"nothing is stored"}},
		{configs(t, nil, seeds), "hops.mean:nodes", []string{"nothing varies on which figures depend, but the seed"}},
		{many, "hops.mean:loss:alpha", []string{"alpha has 9 values", "at most 8"}},
		{many, "hops.mean:loss:alpha:k", []string{"at most"}},
		{many, "heat:hops.mean:alpha:k", nil},
		{many, "hops.mean:loss", nil},
		{configs(t, nil, Axis{"alpha", strings.Split("1,2,3,4,5,6,7,8,9", ",")}, Axis{"k", strings.Split("1,2,3,4,5,6,7,8,9,10,11,12,13", ",")},
			Axis{"loss", []string{"0", "0.1"}}, Axis{"client", []string{"0", "0.1"}}, Axis{"silent", []string{"0", "0.1"}}), "hops.mean:loss", []string{"as k, silent vary too these would be 26 pictures"}},
	} {
		p, err := ParsePlot(c.plot)
		if err != nil {
			t.Fatal(err)
		}
		err = CheckPlots([]Plot{p}, c.of)
		if c.says == nil && err != nil || c.says != nil && !errors.Is(err, ErrBadPlot) {
			t.Errorf("%s: %v", c.plot, err)
		}
		for _, part := range c.says {
			if err != nil && !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %v, want %q", c.plot, err, part)
			}
		}
	}
}

// A point is the mean over the seeds, with Student's interval from 5 seeds on; values are in
// order; what has no place has pictures of its own.
func TestCharts(t *testing.T) {
	r := resultsOf(configs(t, nil, Axis{"alpha", []string{"10", "1", "3"}}, Axis{"k", []string{"8", "20"}}, Axis{"loss", []string{"0.1", "0"}},
		Axis{"workload", []string{"mixed", "find"}}, Axis{"seed", []string{"1", "2", "3", "4", "5"}}))
	charts, err := r.Charts(Plot{Metric: "rpcs.mean", X: "alpha"})
	if err != nil || len(charts) != 2 {
		t.Fatal(len(charts), err)
	}
	c := charts[0]
	if c.Line != "k" || c.Panel != "loss" || len(c.Held) != 1 || c.Held[0] != (sim.Setting{Name: "workload", Value: "mixed"}) {
		t.Errorf("%+v, %v", c.Plot, c.Held)
	}
	if !slices.Equal(c.Xs.Values, []string{"1", "3", "10"}) || !slices.Equal(c.Xs.Amounts, []float64{1, 3, 10}) || !slices.Equal(c.Panels.Values, []string{"0", "0.1"}) {
		t.Errorf("%+v, %+v", c.Xs, c.Panels)
	}
	p := c.Points[At{X: 2, Line: 1, Panel: 0}] // alpha 10, k 20: 21 to 25 requests
	if len(c.Points) != 12 || p.Runs != 5 || p.Mean != 23 || !p.Band || p.High < 24.96 || p.High > 24.97 || p.Low < 21.03 || p.Low > 21.04 {
		t.Errorf("%d points, %+v", len(c.Points), p)
	}
	if c.SeedsMin != 5 || c.SeedsMax != 5 || len(c.Reports) != 60 {
		t.Errorf("%d to %d seeds, %d reports", c.SeedsMin, c.SeedsMax, len(c.Reports))
	}
	few := resultsOf(configs(t, nil, Axis{"alpha", []string{"1", "3"}}, Axis{"seed", []string{"1", "2", "3", "4"}}))
	charts, err = few.Charts(Plot{Metric: "rpcs.mean", X: "alpha"})
	if err != nil || len(charts) != 1 || charts[0].Line != "" {
		t.Fatal(charts, err)
	}
	if p := charts[0].Points[At{}]; p.Band || p.Mean != 22.5 || p.Low != p.Mean || p.High != p.Mean {
		t.Errorf("%+v", p)
	}
}

// What follows from another setting, as alpha from the rule, takes no place.
func TestChartsOfRules(t *testing.T) {
	own := func(c *sim.Config) {
		c.Alpha = map[string]int{"one": 3, "two": 10, "three": 3}[c.Targets]
		c.K = map[string]int{"one": 20, "two": 20, "three": 16}[c.Targets]
		c.Lookup, c.Targets = c.Targets, report.TargetsRandom
	}
	var all []sim.Config
	for _, nodes := range []int{10, 20} {
		for _, rule := range []string{"one", "two", "three"} {
			c := sim.Defaults()
			c.Nodes, c.Targets = nodes, rule
			own(&c)
			all = append(all, c)
		}
	}
	r := resultsOf(all)
	charts, err := r.Charts(Plot{Metric: "hops.mean", X: "nodes"})
	if err != nil || len(charts) != 1 || charts[0].Line != "lookup" || charts[0].Panel != "" {
		t.Errorf("%+v, %v", charts, err)
	}
	for _, plot := range []Plot{{Metric: "hops.mean", X: "alpha"}, {Metric: "hops.mean", X: "alpha", Line: "k"}} { // no line joins two rules
		charts, err := r.Charts(plot)
		if err != nil || len(charts) != 3 && charts[0].Panel != "lookup" {
			t.Errorf("%+v: %+v, %v", plot, charts, err)
		}
	}
	if usual := r.UsualPlots(); len(usual) != 2 && len(usual) != 4 || usual[0].X != "nodes" {
		t.Errorf("%+v", usual)
	}
}

// Without a choice the usual figures are drawn, against nodes or what has most values.
func TestUsualPlots(t *testing.T) {
	for _, c := range []struct {
		axes []Axis
		x    string
	}{
		{[]Axis{{"alpha", []string{"1", "3"}}, {"k", []string{"8", "10", "20"}}}, "k"},
		{[]Axis{{"nodes", []string{"10", "20"}}, {"k", []string{"8", "10", "20"}}}, "nodes"},
		{[]Axis{{"tables", []string{"ideal", "join"}}}, "tables"},
		{[]Axis{{"trace-of", []string{"typical", "worst"}}}, ""},
		{[]Axis{{"seed", []string{"1", "2"}}}, ""},
	} {
		r := resultsOf(configs(t, nil, c.axes...))
		plots := r.UsualPlots()
		if c.x == "" && len(plots) > 0 || c.x != "" && (len(plots) == 0 || plots[0].X != c.x || plots[0].Metric != "hops.mean") {
			t.Errorf("%v: %+v", c.axes, plots)
		}
	}
	r := resultsOf(configs(t, nil, Axis{"alpha", []string{"1", "3"}}))
	r.Runs[1].Report.Succeeded = 9
	for i := range r.Runs { // shares that differ are drawn, whichever they are
		one := r.Runs[i].Report
		one.Recall, one.RecallOf = .9+.05*float64(i), 10
		one.Values = &report.Values{Puts: 10, Confirmed: 10, Gets: 10, Found: 8 + i}
	}
	var drawn []string
	for _, p := range r.UsualPlots() {
		drawn = append(drawn, p.Metric)
	}
	if got := strings.Join(drawn, " "); got != "succeeded recall values.found hops.mean rpcs.mean latency_ms.p50 latency_ms.p99" {
		t.Error(got)
	}
}

func TestAmounts(t *testing.T) {
	for text, want := range map[string][]float64{"1 20 3": {1, 20, 3}, "0 0.5": {0, .5}, "90s 1h": {90, 3600}, "const:20ms const:1s": {.02, 1},
		"const:20ms exp:1s": nil, "world const:1s": nil, "1 1s": nil, "find": nil} {
		got, ok := amounts(strings.Fields(text))
		if ok != (want != nil) || ok && !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", text, got, ok)
		}
	}
}

// Whatever is given: no panic, and what was read is written as it was.
func FuzzParsePlot(f *testing.F) {
	for _, text := range []string{"a:b", "a:b:c:d", "heat:a:b:c", "a:b::d", ":::", "heat:"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePlot(text)
		if err != nil {
			return
		}
		if again, err := ParsePlot(p.String()); err != nil || again != p {
			t.Errorf("%q: %+v, then %+v: %v", text, p, again, err)
		}
	})
}
