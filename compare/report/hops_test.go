package report

import (
	"math"
	"strings"
	"testing"
)

// of is a run in which lookups of the closest nodes took such hops.
func of(libp2p, kadmium []float64) []Series {
	return []Series{
		{Operation: Closest, Metric: "hops", Libp2p: libp2p, Kadmium: kadmium},
		{Operation: Closest, Metric: "latency ms", Libp2p: libp2p, Kadmium: kadmium},
	}
}

// depths are those of two networks: one of five runs, and one of one run.
func depths() []Depth {
	five := [][]Series{
		of([]float64{2, 3}, []float64{2, 2}), of([]float64{3, 3}, []float64{2, 3}), of([]float64{2, 2}, []float64{2, 2}),
		of([]float64{3, 3}, []float64{3, 3}), of([]float64{2, 4}, []float64{2, 3}),
	}
	first, _ := NewDepth(300, 4, 3, 2, five)
	second, _ := NewDepth(100, 4, 3, 2, five[:1])
	return []Depth{second, first}
}

// Intervals are Student's: the quantiles are those of any table of t, such as
// 2.776 for 4 degrees of freedom (NIST/SEMATECH e-Handbook, 1.3.6.7.2).
func TestMargin(t *testing.T) {
	for n, quantile := range map[int]float64{5: 2.776, 10: 2.262, 20: 2.093, 31: 2.042} {
		var values []float64
		for i := range n {
			values = append(values, float64(i%2))
		}
		m, squares := *mean(values), 0.0
		for _, v := range values {
			squares += (v - m) * (v - m)
		}
		want := quantile * math.Sqrt(squares/float64(n-1)) / math.Sqrt(float64(n))
		if got := margin(values); got == nil || math.Abs(*got/want-1) > .0005 {
			t.Errorf("%d runs: %v, want %v", n, got, want)
		}
	}
	for n := range LeastRuns {
		if got := margin(make([]float64, n)); got != nil {
			t.Errorf("%d runs have the margin %v, want none", n, *got)
		}
	}
	for runs, says := range map[int]string{0: "there was one (`--runs 5` has them)", 1: "there was one", 4: "4 are fewer than 5", 5: "± is half of Student's 95 % interval of the mean over 5 runs"} {
		if got := intervals(runs); !strings.Contains(got, says) {
			t.Errorf("%d runs: %q does not say %q", runs, got, says)
		}
	}
}

// The unit is the run: figures are means of those of runs, sides are paired by run, and a
// side that failed in a run is not counted there.
func TestCostsOfRuns(t *testing.T) {
	var all [][]Series
	for _, v := range [][2][]float64{{{1, 3}, {1}}, {{2, 4}, {2, 2}}, {{3}, {3}}, {{2}, nil}, {{4}, {4}}, {{5}, {5}}} {
		all = append(all, of(v[0], v[1]))
	}
	c := (&Report{Costs: Costs(all)}).cost(Closest, "hops, mean")
	if *c.Libp2p != 19./6 || *c.Kadmium != 3 || math.Abs(*c.Ratio-18./19) > 1e-12 {
		t.Errorf("the means of runs are %v, %v, ratio %v", *c.Libp2p, *c.Kadmium, *c.Ratio)
	}
	// The differences are -1, -1, 0, 0, 0: of one run there is none.
	if want := 2.776 * math.Sqrt(.3/5); c.Margin == nil || math.Abs(*c.Margin.Difference/want-1) > .0005 {
		t.Errorf("the margin is %+v, want %v of the difference", c.Margin, want)
	}
	if c := Costs(all[:4])[0]; c.Margin != nil {
		t.Errorf("four runs have the margin %+v", c.Margin)
	}
	if got := Pooled(all)[0]; len(got.Libp2p) != 8 || len(got.Kadmium) != 6 {
		t.Errorf("pooled: %+v", got)
	}
}

// Theory stands beside hops where it covers the network, which it does without the searcher.
func TestTheory(t *testing.T) {
	d := depths()[1]
	if d.Theory == nil || math.Abs(*d.Theory-2.24) > .01 || d.Runs != 5 || len(d.Costs) != 2 {
		t.Errorf("300 nodes: %+v", d)
	}
	if d, has := NewDepth(2, 100, 3, 2, [][]Series{of([]float64{1}, []float64{1})}); !has || d.Theory != nil {
		t.Errorf("k 100: %+v, %v", d, has)
	}
	if _, has := NewDepth(300, 4, 3, 2, [][]Series{{{Operation: "put", Metric: "hops", Libp2p: []float64{1}}}}); has {
		t.Error("there are hops without lookups of the closest nodes")
	}
}

// The page begins with a summary that a screen shows, and says which tree it is of; its
// tables have a row a metric, and percentiles only where they are other numbers.
func TestPageStructure(t *testing.T) {
	page := small().Page()
	var at []int
	for _, head := range []string{"# Beside", "\n## In short\n", "\n## Hops\n", "\n## Where libp2p is better\n", "\n## Targets\n", "\n## Costs\n", "\n## Behaviour\n", "\n## How it was measured\n"} {
		i := strings.Index(page, head)
		if i < 0 || len(at) > 0 && i < at[len(at)-1] {
			t.Errorf("%q is not there, or before what it follows", head)
		}
		at = append(at, i)
	}
	if lines := strings.Count(page[:at[2]], "\n"); lines > 40 {
		t.Errorf("the page and its summary begin with %d lines, want one screen: 40 at most", lines)
	}
	for _, want := range []string{
		"kadmium is of revision 8933b2013eacb628410013aa908e7f4fc0178c32.\n",
		"| bytes, median | 28,000 (29,000) | 4,150 (4,300) | 0.148 |",
		"| 300 nodes, k 4, alpha 3 | hops, mean | ", " ± ", "On both sides 100: alive %.",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "| bytes, p95") || strings.Contains(page, "| hops, median") {
		t.Error("percentiles have rows of their own in the tables of costs")
	}
	for tree, want := range map[Tree]string{{}: "of a tree that was not noted", {"ab", true}: "of revision ab with changes that were not committed", {"ab", false}: "of revision ab"} {
		if got := tree.String(); got != want {
			t.Errorf("%+v: %q, want %q", tree, got, want)
		}
	}
}
