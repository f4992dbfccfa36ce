package main

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"kadmium/compare/cost"
	"kadmium/compare/report"
)

// figures are what the networks of a plan measured.
type figures struct {
	costs   [][]report.Series // of each run; those of whole networks are last
	depths  []report.Depth
	missing []report.Missing
}

// sides are the sides in the order in which they are measured.
var sides = [2]string{cost.Libp2p, cost.Kadmium}

// A measurement is one run of one network: the samples of both sides, or why they failed.
type measurement struct {
	samples [2]cost.Sample
	errs    [2]error
}

// measure measures the networks on both sides, one after the other. The function it returns
// waits for the patient ones, and returns all figures.
func (p *plan) measure(ctx context.Context, shown *progress) func() *figures {
	all := make([][]measurement, len(p.costs))
	var beside sync.WaitGroup
	for i := range p.costs {
		n := &p.costs[i]
		all[i] = make([]measurement, n.runs)
		of := func(run, side int) {
			m := &all[i][run]
			title := n.runTitle(sides[side], run)
			defer shown.ended(title)
			config := n.config
			config.Run = run + 1
			m.errs[side] = runChild(ctx, "cost", costJob{sides[side], config}, &m.samples[side], func(stage string, done, total int) { shown.tell(title, stage, done, total) })
		}
		if n.patient {
			for side := range sides {
				beside.Go(func() {
					for run := range n.runs {
						of(run, side)
					}
				})
			}
			continue
		}
		for run := range n.runs {
			for side := range sides {
				of(run, side)
			}
		}
	}
	return func() *figures {
		beside.Wait()
		return p.collect(all)
	}
}

// runTitle is the title of the progress of a run of the network on one side.
func (n *network) runTitle(side string, run int) string {
	title := side + ", " + n.title
	if n.runs > 1 {
		title += fmt.Sprintf(", run %d of %d", run+1, n.runs)
	}
	return title
}

// collect sorts what was measured: costs by run, hops by network.
func (p *plan) collect(all [][]measurement) *figures {
	found := new(figures)
	var whole [][]report.Series
	for i := range p.costs {
		n := &p.costs[i]
		var runs [][]report.Series
		for run := range all[i] {
			m := &all[i][run]
			for j, err := range m.errs {
				if err != nil {
					found.missing = append(found.missing, report.Missing{What: "costs of " + n.runTitle(sides[j], run), Error: err.Error()})
				}
			}
			runs = append(runs, n.beside(m.samples))
		}
		if n.counted {
			if d, has := report.NewDepth(n.config.Nodes, n.config.K, n.config.Alpha, n.config.Lookups, runs); has {
				found.depths = append(found.depths, d)
			}
		}
		if n.only {
			continue
		}
		for run, series := range runs {
			if run == len(found.costs) {
				found.costs, whole = append(found.costs, nil), append(whole, nil)
			}
			for _, s := range series {
				if s.Operation == report.Network {
					whole[run] = append(whole[run], s)
				} else {
					found.costs[run] = append(found.costs[run], s)
				}
			}
		}
	}
	for run := range found.costs {
		found.costs[run] = append(found.costs[run], whole[run]...)
	}
	return found
}

// beside joins the figures of both sides, operation by operation.
func (n *network) beside(samples [2]cost.Sample) []report.Series {
	var operations []string
	figures := make(map[string][]report.Series)
	for i, sample := range samples {
		for _, f := range sample.Figures {
			if !slices.Contains(operations, f.Operation) {
				operations = append(operations, f.Operation)
			}
			of := figures[f.Operation]
			at := slices.IndexFunc(of, func(s report.Series) bool { return s.Metric == f.Metric })
			if at < 0 {
				at = len(of)
				of = append(of, report.Series{Operation: n.reported(f.Operation), Metric: f.Metric})
			}
			if i == 0 {
				of[at].Libp2p = f.Values
			} else {
				of[at].Kadmium = f.Values
			}
			figures[f.Operation] = of
		}
	}
	var all []report.Series
	for _, o := range operations {
		all = append(all, figures[o]...)
	}
	return all
}

// reported is the name of an operation of package cost in the report.
func (n *network) reported(operation string) string {
	if operation == cost.Network {
		return report.Network
	}
	return n.named(operation)
}
