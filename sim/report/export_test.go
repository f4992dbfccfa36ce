package report

import "slices"

// RunOf is a run with these metrics.
func RunOf(seed uint64, metrics []Metric) Run {
	return Run{seed: seed, setup: setup{kind: Sim}, metrics: metrics}
}

// With is the run with its metrics changed.
func (r Run) With(change func(*Metric)) Run {
	r.metrics = slices.Clone(r.metrics)
	for i := range r.metrics {
		change(&r.metrics[i])
	}
	return r
}
