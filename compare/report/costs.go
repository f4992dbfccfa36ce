package report

import (
	"slices"
	"strings"

	"kadmium/sim/report"
)

// Network is the name under which the costs of a whole network are.
const Network = "network"

// counts are the metrics whose mean is reported too: their medians change in whole steps
// only.
var counts = []string{"hops", "rounds", "peers asked", "requests", holders}

// holders is the metric of the nodes that hold what was put or provided.
const holders = "holders"

// Costs computes the statistics of the series of each run, in their order. A figure is the
// mean over the runs.
func Costs(runs [][]Series) []Cost {
	var all []perRun
	for _, measured := range runs {
		for _, c := range costsOf(measured) {
			at := slices.IndexFunc(all, func(p perRun) bool { return p.operation == c.Operation && p.metric == c.Metric })
			if at < 0 {
				at = len(all)
				all = append(all, perRun{operation: c.Operation, metric: c.Metric})
			}
			all[at].add(c)
		}
	}
	costs := []Cost{}
	for _, p := range all {
		costs = append(costs, p.cost())
	}
	return costs
}

// A perRun has the values of one figure, one a run. A side that lacks it in a run has none
// of that run.
type perRun struct {
	operation, metric            string
	libp2p, kadmium, differences []float64
}

func (p *perRun) add(c Cost) {
	if c.Libp2p != nil {
		p.libp2p = append(p.libp2p, *c.Libp2p)
	}
	if c.Kadmium != nil {
		p.kadmium = append(p.kadmium, *c.Kadmium)
	}
	if c.Libp2p != nil && c.Kadmium != nil {
		p.differences = append(p.differences, *c.Kadmium-*c.Libp2p)
	}
}

func (p *perRun) cost() Cost {
	c := Cost{Operation: p.operation, Metric: p.metric, Libp2p: mean(p.libp2p), Kadmium: mean(p.kadmium)}
	if c.Libp2p != nil && c.Kadmium != nil && *c.Libp2p != 0 {
		c.Ratio = new(*c.Kadmium / *c.Libp2p)
	}
	m := Margin{margin(p.libp2p), margin(p.kadmium), margin(p.differences)}
	if m != (Margin{}) {
		c.Margin = &m
	}
	return c
}

// Pooled has the values of all runs in one list of series, for pictures of distributions.
func Pooled(runs [][]Series) []Series {
	var all []Series
	for _, measured := range runs {
		for _, s := range measured {
			at := slices.IndexFunc(all, func(a Series) bool { return a.Operation == s.Operation && a.Metric == s.Metric })
			if at < 0 {
				at = len(all)
				all = append(all, Series{Operation: s.Operation, Metric: s.Metric})
			}
			all[at].Libp2p, all[at].Kadmium = append(all[at].Libp2p, s.Libp2p...), append(all[at].Kadmium, s.Kadmium...)
		}
	}
	return all
}

// costsOf computes the statistics of the series of one run.
func costsOf(measured []Series) []Cost {
	var costs []Cost
	for _, s := range measured {
		libp2p, kadmium := distribution(s.Libp2p), distribution(s.Kadmium)
		add := func(statistic string, of func(*report.Distribution) float64) {
			c := Cost{Operation: s.Operation, Metric: s.Metric + statistic}
			if libp2p != nil {
				c.Libp2p = new(of(libp2p))
			}
			if kadmium != nil {
				c.Kadmium = new(of(kadmium))
			}
			costs = append(costs, c)
		}
		mean := func(d *report.Distribution) float64 { return d.Mean }
		if s.Operation == Network {
			add("", mean) // of one value
			continue
		}
		if share(s.Metric) || slices.Contains(counts, s.Metric) {
			add(", mean", mean)
		}
		if !share(s.Metric) {
			add(", median", func(d *report.Distribution) float64 { return d.P50 })
			add(", p95", func(d *report.Distribution) float64 { return d.P95 })
		}
	}
	return costs
}

// distribution is nil without values.
func distribution(values []float64) *report.Distribution {
	if len(values) == 0 {
		return nil
	}
	d := report.NewDistribution(slices.Clone(values))
	return &d
}

// name is a metric without its statistic.
func name(metric string) string {
	name, _, _ := strings.Cut(metric, ",")
	return name
}

// share reports whether a metric is a percentage of which more is better.
func share(metric string) bool { return strings.HasSuffix(name(metric), "%") }

// cost finds a figure, or nil.
func (r *Report) cost(operation, metric string) *Cost {
	for i := range r.Costs {
		if r.Costs[i].Operation == operation && r.Costs[i].Metric == metric {
			return &r.Costs[i]
		}
	}
	return nil
}
