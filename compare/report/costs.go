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
var counts = []string{"hops", "peers asked", "requests", holders}

// holders is the metric of the nodes that hold what was put or provided.
const holders = "holders"

// Costs computes the statistics of the series, in their order.
func Costs(measured []Series) []Cost {
	costs := []Cost{}
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
			if libp2p != nil && kadmium != nil && *c.Libp2p != 0 {
				c.Ratio = new(*c.Kadmium / *c.Libp2p)
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
