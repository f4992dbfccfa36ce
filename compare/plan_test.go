package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"kadmium/compare/behaviour"
	"kadmium/compare/cost"
	"kadmium/compare/report"
)

// measuredAtFirst are the operations that the first network is for.
var measuredAtFirst = slices.DeleteFunc(cost.Operations(), func(o string) bool { return o == cost.Crashed })

// planned is what a command line measures and plays: of each network its title, and
// its operations, most if those are all but the last.
func planned(t *testing.T, args ...string) (networks []string, cases int) {
	t.Helper()
	o, err := parse(append(args, "--out", t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	p, err := o.plan()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range p.costs {
		text := fmt.Sprintf("%s, %s", n.title, linkText(n.config.Delay))
		if n.config.K != cost.DefaultK && n.config.K != 0 {
			text += fmt.Sprint(", k ", n.config.K)
		}
		if n.runs != 1 {
			text += fmt.Sprintf(", %d runs", n.runs)
		}
		for _, is := range []struct {
			told bool
			what string
		}{{n.config.Converging, ", converging"}, {n.config.Idle == idleFor, ", at rest"}, {n.config.Holding, ", holding"}, {n.patient, ", patient"}, {n.counted, ", counted"}, {n.only, " only"}} {
			if is.told {
				text += is.what
			}
		}
		if slices.Equal(n.config.Operations, measuredAtFirst) {
			text += ": most"
		} else if n.config.Operations != nil {
			text += ": " + strings.Join(n.config.Operations, "; ")
		}
		networks = append(networks, text)
	}
	return networks, len(p.cases)
}

func TestPlan(t *testing.T) {
	all := len(behaviour.Cases())
	ten := "alpha 10, 0ms, counted: most"
	far := "over 25 ms, 25ms: closest; closest, cold"
	rest := "at rest, then crashing, 0ms, at rest, patient: closest, a quarter crashed"
	first := "alpha 3, 0ms, converging, holding, counted: most"
	hops := []string{"hops, 100 nodes, 0ms, k 4, 5 runs, counted only: closest", "hops, 300 nodes, 0ms, k 4, 5 runs, counted only: closest"}
	sized := func(networks ...string) (all []string) {
		for _, n := range networks {
			all = append(all, strings.Replace(strings.Replace(n, "0ms", "0ms, k 4, 2 runs", 1), "25ms", "25ms, k 4, 2 runs", 1))
		}
		return all
	}
	for _, c := range []struct {
		args     []string
		networks []string
		cases    int
	}{
		{nil, append(slices.Clone(hops), first, ten, rest, far), all},
		{[]string{"--only", "costs"}, []string{first, ten, rest, far}, 0},
		{[]string{"--only", "behaviour"}, nil, all},
		{[]string{"--only", "hops"}, hops, 0},
		{[]string{"--only", "hops", "--k", "3", "--nodes", "20", "--runs", "2"}, []string{"hops, 20 nodes, 0ms, k 3, 2 runs, counted only: closest"}, 0},
		{[]string{"--k", "4", "--nodes", "300", "--runs", "2"}, sized(first, ten, rest, far), all},
		{[]string{"--profile", "defaults"}, []string{strings.Replace(strings.Replace(first, "alpha 3", "as shipped", 1), ", counted", "", 1), rest, far}, all},
		{[]string{"--link", "25ms"}, []string{strings.Replace(hops[0], "0ms", "25ms", 1), strings.Replace(hops[1], "0ms", "25ms", 1), strings.Replace(first, "0ms", "25ms", 1), strings.Replace(ten, "0ms", "25ms", 1), strings.Replace(rest, "0ms", "25ms", 1)}, all},
		{[]string{"--only", "get to"}, []string{"alpha 3, 0ms, counted: get to the end", "alpha 10, 0ms, counted: get to the end"}, 0},
		{[]string{"--only", "end, alpha 10"}, []string{"alpha 10, 0ms, counted: get to the end"}, 0},
		{[]string{"--only", "crash"}, []string{"at rest, then crashing, 0ms, patient: closest, a quarter crashed"}, -1},
		{[]string{"--only", "25 ms, cold"}, []string{"over 25 ms, 25ms: closest, cold"}, 0},
		{[]string{"--only", "network"}, []string{"alpha 3, 0ms, converging, counted", "at rest, then crashing, 0ms, at rest, patient"}, -1},
		{[]string{"--only", behaviour.Cases()[0].Name}, nil, 1},
	} {
		networks, cases := planned(t, c.args...)
		if !slices.Equal(networks, c.networks) || cases != c.cases && c.cases >= 0 {
			t.Errorf("%q: %q and %d cases, want %q and %d", c.args, networks, cases, c.networks, c.cases)
		}
	}
}

// The figures of both sides stand together under the report's names, also those that
// one side lacks.
func TestBeside(t *testing.T) {
	n := network{named: func(operation string) string { return report.AtAlpha(operation, 10) }}
	got := n.beside([2]cost.Sample{
		{Figures: []cost.Figure{
			{Operation: "network", Metric: "convergence s", Values: []float64{2}},
			{Operation: "put", Metric: "hops", Values: []float64{1, 1}},
			{Operation: "get", Metric: "hops", Values: []float64{3}},
			{Operation: "network", Metric: "memory KiB a node", Values: []float64{9}},
		}},
		{Figures: []cost.Figure{
			{Operation: "put", Metric: "bytes", Values: []float64{5}},
			{Operation: "put", Metric: "hops", Values: []float64{2}},
		}},
	})
	want := []report.Series{
		{Operation: "network", Metric: "convergence s", Libp2p: []float64{2}},
		{Operation: "network", Metric: "memory KiB a node", Libp2p: []float64{9}},
		{Operation: "put, alpha 10", Metric: "hops", Libp2p: []float64{1, 1}, Kadmium: []float64{2}},
		{Operation: "put, alpha 10", Metric: "bytes", Kadmium: []float64{5}},
		{Operation: "get, alpha 10", Metric: "hops", Libp2p: []float64{3}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("beside each other:\n%+v\nwant\n%+v", got, want)
	}
}
