package sim

import (
	"slices"
	"testing"
	"time"

	"kadmium/sim/report"
)

// Metrics has every figure that a report may have, each once.
func TestMetrics(t *testing.T) {
	all := Metrics()
	sorted := slices.Clone(all)
	slices.Sort(sorted)
	if len(slices.Compact(sorted)) != len(all) {
		t.Errorf("a name stands there twice: %v", all)
	}
	c := Defaults()
	c.Nodes, c.Lookups, c.Workload, c.Tables, c.Loss, c.Duplicate, c.Duration = 40, 20, report.WorkloadMixed, report.TablesJoin, .05, .05, time.Minute
	for _, m := range simulate(t, c).Metrics() {
		if !slices.Contains(all, m.Name) {
			t.Errorf("Metrics lacks %s", m.Name)
		}
	}
	for _, name := range []string{"hops.mean", "latency_ms.p99", "values.found", "buckets.dead", "recall", "work.datagrams.replayed"} {
		if !slices.Contains(all, name) {
			t.Errorf("Metrics lacks %s", name)
		}
	}
}
