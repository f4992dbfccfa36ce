package sim

import (
	"errors"
	"testing"
	"time"

	"kadmium/rpc"
	"kadmium/sim/report"
	"kadmium/sim/theory"
)

// Expected and measured hops agree where theory covers a run, and where it does not the
// reason is said.
func TestExpected(t *testing.T) {
	c := config(1000, 4000, func(c *Config) { c.K, c.Alpha = 8, 2 })
	e, err := Expected(c)
	if err != nil || e.NotFor != "" {
		t.Fatal(e, err)
	}
	r := simulate(t, c)
	within(t, "hops", r.Hops.Mean, e.Hops, 0.01*e.Hops+3*r.Hops.SD/63)
	for why, change := range map[string]func(*Config){
		"the workload value":                func(c *Config) { c.Workload = report.WorkloadValue },
		"targets where nodes stand":         func(c *Config) { c.Targets = report.TargetsNodes },
		"tables that nodes made themselves": func(c *Config) { c.Tables = report.TablesJoin },
		"nodes that come and go":            func(c *Config) { c.Sessions = sessions(t, "exp:1h") },
		"lost datagrams":                    func(c *Config) { c.Loss = 0.1 },
		"nodes that are no honest servers":  func(c *Config) { c.Lying = 0.1 },
		"an attack":                         func(c *Config) { _ = c.Set("attack", "drip") },
		"nodes that share subnets":          func(c *Config) { c.Subnets = 10 },
		"answers that do not come together: the latency exp:80ms":          func(c *Config) { c.Latency = latency(t, "exp:80ms") },
		"alpha 3 with k 2: lookups ask only the k closest":                 func(c *Config) { c.K = 2 },
		"the table policy test-wide":                                       func(c *Config) { c.Table = "test-wide" },
		"lookups by nodes of the network, whose tables learn (--duration)": func(c *Config) { c.Duration = time.Hour },
	} {
		if e, err := Expected(config(100, 10, change)); err != nil || e.NotFor != why || e.Hops != 0 {
			t.Errorf("%q: %+v, %v", why, e, err)
		}
	}
	if maxNodes > theory.MaxNodes || rpc.MaxContacts > min(theory.MaxK, theory.MaxAlpha) { // alpha is at most k
		t.Error("runs that theory does not cover would end with theory.ErrNotCovered")
	}
	if _, err := Expected(config(0, 10, nil)); !errors.Is(err, ErrBadConfig) {
		t.Error(err)
	}
	for _, table := range []string{RulePlain, "test-same"} { // which keep k contacts a bucket
		if e, err := Expected(config(100, 10, func(c *Config) { c.Table = table })); err != nil || e.Hops == 0 {
			t.Errorf("%s: %+v, %v", table, e, err)
		}
	}
}

// Where nodes of the network search, their tables learn, and theory is off: this is why it
// does not cover such runs.
func TestTheoryIsOffWhereTablesLearn(t *testing.T) {
	c := config(200, 2000, func(c *Config) { c.K = 4 })
	e, err := Expected(c)
	if err != nil || e.NotFor != "" {
		t.Fatal(e, err)
	}
	c.Duration = time.Hour
	if r := simulate(t, c); r.Hops.Mean > 0.97*e.Hops {
		t.Errorf("%v hops, theory %v: it would cover this", r.Hops.Mean, e.Hops)
	}
}
