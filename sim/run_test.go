package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"kadmium/sim/report"
)

// read reads a report as whoever gets it as JSON would.
func read(t *testing.T, r *report.Report) *report.Report {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	again, err := report.Read(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return again
}

// When the context ends the report is of what had ended by then.
func TestPartial(t *testing.T) {
	for name, c := range map[string]Config{
		"lookups":         config(1000, 100_000, nil),
		"virtual seconds": config(100, 100_000, func(c *Config) { c.Tables, c.Workload = report.TablesJoin, report.WorkloadMixed }),
		"tables":          config(3000, 10, func(c *Config) { c.Workload, c.Keys = report.WorkloadDay, 10 }),
	} {
		ctx, cancel := context.WithCancel(context.Background())
		r, err := Run(ctx, c, func(stage string, done, total int) {
			enough := map[string]int{"lookups": 200, "virtual seconds": 300, "tables": 1000}
			if stage == name && done >= enough[stage] {
				cancel()
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		read(t, r)
		if !r.Partial {
			t.Errorf("%s: the report calls itself whole", name)
		}
		if name == "tables" {
			if r.Lookups != 0 || r.NodesUp < 1 {
				t.Errorf("interrupted at its tables it had %d lookups, %v nodes up", r.Lookups, r.NodesUp)
			}
			continue
		}
		if r.Lookups < 100 || r.Lookups > 10_000 || r.Succeeded != r.Lookups || r.RPCs.N() != r.Lookups || r.Trace == nil || r.RPCTotal == 0 {
			t.Errorf("%s: %d lookups, %d succeeded, %d counted", name, r.Lookups, r.Succeeded, r.RPCs.N())
		}
		within(t, name+": nodes up", r.NodesUp, float64(c.Nodes), 0.01)
	}
}

// Cancelled before its beginning a run has nothing to report, and says so.
func TestCancelledBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []Config{
		config(100, 100, nil),
		config(100, 100, func(c *Config) { c.Tables = report.TablesJoin }),
		config(100, 100, func(c *Config) { c.Sessions = sessions(t, kadSessions) }),
		config(100, 100, func(c *Config) { c.Workload, c.Keys = report.WorkloadDay, 10 }),
	} {
		r, err := Run(ctx, c, nil)
		if err != nil {
			t.Fatal(err)
		}
		if read(t, r); !r.Partial || r.Lookups != 0 || r.Trace != nil || r.Hops.N() != 0 {
			t.Errorf("%+v", r)
		}
	}
}

// The smallest networks, and the strangest settings: each run ends, and its report can
// be read.
func TestSmallest(t *testing.T) {
	t.Parallel()
	sizes := []int{1, 2, 3}
	if racing {
		sizes = []int{2}
	}
	for _, workload := range []string{report.WorkloadFind, report.WorkloadValue, report.WorkloadProvide, report.WorkloadMixed, report.WorkloadDay} {
		for _, tables := range []string{report.TablesIdeal, report.TablesJoin} {
			for _, nodes := range sizes {
				for name, change := range map[string]func(*Config){
					"as usual": func(*Config) {},
					"k 1":      func(c *Config) { c.K = 1 },
					"alpha 64": func(c *Config) { c.Alpha = 64 },
					"1 lookup": func(c *Config) { c.Lookups = 1 },
					"at once":  func(c *Config) { c.Duration = 1; c.Latency = latency(t, "const:0s") },
					"47ns":     func(c *Config) { c.Duration = 47 },
					"targets":  func(c *Config) { c.Targets = report.TargetsNodes },
					"loss":     func(c *Config) { c.Loss = 0.95; c.Duplicate = 1 },
					"silent":   func(c *Config) { c.Silent = 0.9 },
					"lying":    func(c *Config) { c.Lying = 0.9 },
					"clients":  func(c *Config) { c.Client = 0.6 },
					"churn":    func(c *Config) { c.Sessions = sessions(t, "exp:1s"); c.Duration = 20 * time.Second },
					"kad":      func(c *Config) { c.Sessions = sessions(t, kadSessions) },
				} {
					c := config(nodes, 9, func(c *Config) {
						c.Workload, c.Tables = workload, tables
						if workload == report.WorkloadDay {
							c.Keys, c.Duration = 3, 10*time.Minute
						}
						change(c)
					})
					what := fmt.Sprintf("%s, %s, %d nodes, %s", workload, tables, nodes, name)
					r := read(t, simulate(t, c))
					if r.Lookups > c.Lookups || r.Lookups == 0 && name == "as usual" {
						t.Errorf("%s: %d lookups", what, r.Lookups)
					}
					if nodes > 1 && name == "as usual" && r.Succeeded != r.Lookups {
						t.Errorf("%s: %d of %d succeeded", what, r.Succeeded, r.Lookups)
					}
				}
			}
		}
	}
}

// What is said of the machine is plausible.
func TestMachine(t *testing.T) {
	m := simulate(t, config(5000, 200, nil)).Machine
	if m.WallSeconds <= 0 || m.RPCsPerSecond <= 0 || m.MemoryBytesPerNode < 32 || m.CPUs < 1 || m.Go == "" {
		t.Errorf("%+v", m)
	}
}
