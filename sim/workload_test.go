package sim

import (
	"testing"
	"time"

	"kadmium/sim/report"
)

// Without churn whatever was stored is found from everywhere, and at k nodes.
func TestEverythingSucceeds(t *testing.T) {
	slow(t)
	t.Parallel()
	for _, workload := range []string{report.WorkloadFind, report.WorkloadValue, report.WorkloadProvide, report.WorkloadMixed} {
		for _, tables := range []string{report.TablesIdeal, report.TablesJoin} {
			for _, nodes := range []int{30, 200} {
				r := simulate(t, config(nodes, 150, func(c *Config) { c.Workload, c.Tables = workload, tables }))
				if r.Lookups != 150 || r.Succeeded != 150 || r.Abandoned != 0 {
					t.Errorf("%s, %s, %d nodes: %d of %d succeeded, %d abandoned", workload, tables, nodes, r.Succeeded, r.Lookups, r.Abandoned)
				}
				v := r.Values
				if (v != nil) != (workload != report.WorkloadFind) {
					t.Errorf("%s: values %+v", workload, v)
				}
				if want := map[string]int{report.WorkloadValue: 150, report.WorkloadProvide: 150, report.WorkloadMixed: 100}[workload]; v != nil {
					if v.Puts != want || v.Confirmed != want || v.Gets != want || v.Found != want || v.Lost != 0 {
						t.Errorf("%s, %s, %d nodes: %+v", workload, tables, nodes, v)
					}
					within(t, workload+": holders", v.Holders, 21, 2) // all within R, at least k
				}
				if (r.RecallOf > 0) != (workload == report.WorkloadFind || workload == report.WorkloadMixed) {
					t.Errorf("%s: recall of %d", workload, r.RecallOf)
				}
			}
		}
	}
}

// A run lasts as long as was asked for, and its parts add up to it.
func TestSeries(t *testing.T) {
	for name, c := range map[string]Config{
		"find":  config(50, 100, func(c *Config) { c.Duration = 10 * time.Minute }),
		"tiny":  config(5, 20, func(c *Config) { c.Workload = report.WorkloadValue }), // whose last lookup ends at the very end
		"join":  config(50, 100, func(c *Config) { c.Tables, c.Workload = report.TablesJoin, report.WorkloadMixed }),
		"day":   config(50, 100, func(c *Config) { c.Workload, c.Duration, c.Keys = report.WorkloadDay, time.Hour, 10 }),
		"churn": config(50, 100, func(c *Config) { c.Sessions = sessions(t, "exp:20m") }),
	} {
		r := simulate(t, c)
		if len(r.Series) != intervals {
			t.Errorf("%s: %d intervals", name, len(r.Series))
			continue
		}
		lookups, succeeded, bytes := 0, 0, uint64(0)
		for i, in := range r.Series {
			lookups, succeeded, bytes = lookups+in.Lookups, succeeded+in.Succeeded, bytes+in.Bytes
			if i > 0 && in.Start <= r.Series[i-1].Start {
				t.Errorf("%s: intervals out of order", name)
			}
		}
		if lookups != r.Lookups || succeeded != r.Succeeded {
			t.Errorf("%s: %d lookups of %d, %d successes of %d are in an interval", name, lookups, r.Lookups, succeeded, r.Succeeded)
		}
		all := r.BytesPerNodeSecond * r.NodesUp * (r.VirtualSeconds - r.Series[0].Start)
		if float64(bytes) > all*1.001 || float64(bytes) < all*0.8 {
			t.Errorf("%s: %d bytes in intervals, %.0f in all", name, bytes, all)
		}
		end := r.Series[0].Start + 2*(r.Series[intervals/2].Start-r.Series[0].Start)
		if r.VirtualSeconds < end-1e-6 || r.VirtualSeconds > end+130 {
			t.Errorf("%s: it lasted %v s, want %v and a little", name, r.VirtualSeconds, end)
		}
	}
}

// Bytes are what the nodes sent for a lookup, both ways; traffic of others is not.
func TestBytes(t *testing.T) {
	r := simulate(t, config(1000, 200, nil))
	if mean := r.Bytes.Mean / r.RPCs.Mean; mean < 100 || mean > 1400 {
		t.Errorf("%v bytes a request", mean)
	}
	if all := float64(r.RPCTotal) / 200; all < r.RPCs.Mean || all > 1.1*r.RPCs.Mean { // beside them searchers probe their tables
		t.Errorf("%d requests in all, %v in lookups", r.RPCTotal, r.RPCs.Mean*200)
	}
}

// A lookup of where a node stands finds it.
func TestTargetsNodes(t *testing.T) {
	for _, tables := range []string{report.TablesIdeal, report.TablesJoin} {
		r := simulate(t, config(200, 100, func(c *Config) { c.Targets, c.Tables = report.TargetsNodes, tables }))
		if r.Succeeded != 100 || r.Config.Targets != report.TargetsNodes {
			t.Errorf("%s: %d of 100, targets %q", tables, r.Succeeded, r.Config.Targets)
		}
	}
}
