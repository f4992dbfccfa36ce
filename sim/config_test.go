package sim

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"kadmium/sim/attack"
	"kadmium/sim/report"
	"kadmium/store"
)

// Each field of a Config is checked, and the error names what is wrong.
func TestCheckRefuses(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		says   string
		change func(*Config)
	}{
		{"0 nodes", func(c *Config) { c.Nodes = 0 }},
		{"-1 nodes", func(c *Config) { c.Nodes = -1 }},
		{"14000001 nodes", func(c *Config) { c.Nodes = maxNodes + 1 }},
		{"0 lookups", func(c *Config) { c.Lookups = 0 }},
		{"-1 lookups", func(c *Config) { c.Lookups, c.Workload = -1, report.WorkloadDay }},
		{"100000001 lookups", func(c *Config) { c.Lookups = maxLookups + 1 }},
		{"k 0", func(c *Config) { c.K = 0 }},
		{"k 21", func(c *Config) { c.K = 21 }},
		{"alpha 0", func(c *Config) { c.Alpha = 0 }},
		{"alpha 65", func(c *Config) { c.Alpha = 65 }},
		{"loss 1", func(c *Config) { c.Loss = 1 }},
		{"loss -0.1", func(c *Config) { c.Loss = -0.1 }},
		{"loss NaN", func(c *Config) { c.Loss = nan }},
		{"duplicate 1.1", func(c *Config) { c.Duplicate = 1.1 }},
		{"duplicate -1", func(c *Config) { c.Duplicate = -1 }},
		{"duplicate NaN", func(c *Config) { c.Duplicate = nan }},
		{"client 1", func(c *Config) { c.Client = 1 }},
		{"client -0.5", func(c *Config) { c.Client = -0.5 }},
		{"silent NaN", func(c *Config) { c.Silent = nan }},
		{"lying -1", func(c *Config) { c.Lying = -1 }},
		{"leave somebody", func(c *Config) { c.Client, c.Silent, c.Lying = 0.4, 0.3, 0.3 }},
		{"want shares that leave somebody", func(c *Config) {
			c.Silent, c.Attacks = 0.5, []attack.Attack{{Kind: attack.Liars, Share: 0.3}, {Kind: attack.Mute, Share: 0.2}}
		}},
		{"want it on what fresh clients do", func(c *Config) {
			c.Workload, c.Attacks = report.WorkloadMixed, []attack.Attack{{Kind: attack.Liars, Share: 0.3}}
		}},
		{"want the workload value", func(c *Config) {
			c.Attacks = []attack.Attack{{Kind: attack.Sybil, Identities: 1, Subnets: 1, Before: attack.BeforeGet}}
		}},
		{"want the workload value", func(c *Config) { c.Attacks = []attack.Attack{{Kind: attack.Stale, Share: 0.1}} }},
		{"the workload find gets none", func(c *Config) { c.Gets = report.GetsFirst }},
		{`gets "all", want one of`, func(c *Config) { c.Workload, c.Gets = report.WorkloadValue, "all" }},
		{"-1 subnets", func(c *Config) { c.Subnets = -1 }},
		{"the pool's 4000000 subnets", func(c *Config) {
			c.Nodes, c.Attacks = maxNodes-3_999_999, []attack.Attack{{Kind: attack.Pool, Share: 0.1, Identities: 4_000_000, Subnets: 4_000_000}}
		}},
		{"-1 keys", func(c *Config) { c.Workload, c.Keys = report.WorkloadDay, -1 }},
		{"10000001 keys", func(c *Config) { c.Workload, c.Keys = report.WorkloadDay, maxKeys+1 }},
		{"the workload day", func(c *Config) { c.Keys = 1 }},
		{"ttl -1s", func(c *Config) { c.Workload, c.TTL = report.WorkloadValue, -time.Second }},
		{"ttl 168h0m1s", func(c *Config) { c.Workload, c.TTL = report.WorkloadValue, store.MaxTTL+time.Second }},
		{"the workload find stores none", func(c *Config) { c.TTL = time.Hour }},
		{"the workload provide stores none", func(c *Config) { c.Workload, c.TTL = report.WorkloadProvide, time.Hour }},
		{"duration -1s", func(c *Config) { c.Duration = -time.Second }},
		{"duration 8760h0m1s", func(c *Config) { c.Duration = 365*24*time.Hour + time.Second }},
		{"no latency", func(c *Config) { c.Latency = Latency{} }},
		{`tables "bogus"`, func(c *Config) { c.Tables = "bogus" }},
		{`tables ""`, func(c *Config) { c.Tables = "" }},
		{`workload "bogus"`, func(c *Config) { c.Workload = "bogus" }},
		{`targets "bogus"`, func(c *Config) { c.Targets = "bogus" }},
		{"sessions kad need", func(c *Config) { c.Nodes = maxNodes; c.Sessions, _ = ParseSessions(kadSessions) }},
	} {
		cfg := config(10, 10, c.change)
		if err := cfg.Check(); !errors.Is(err, ErrBadConfig) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want it to say %q", err, c.says)
		}
		if r, err := Run(context.Background(), config(10, 10, c.change), nil); r != nil || !errors.Is(err, ErrBadConfig) {
			t.Errorf("%s: it ran: %v", c.says, err)
		}
	}
}

// What is left open is filled in, once; and a Config at its limits is fine.
func TestCheckCompletes(t *testing.T) {
	for _, c := range []struct {
		duration time.Duration
		change   func(*Config)
	}{
		{0, nil},
		{0, func(c *Config) { c.Targets = "" }},
		{10 * pace, func(c *Config) { c.Tables = report.TablesJoin }},
		{10 * pace, func(c *Config) { c.Workload = report.WorkloadValue }},
		{time.Hour, func(c *Config) { c.Sessions = sessions(t, "exp:1h") }},
		{24 * time.Hour, func(c *Config) { c.Workload, c.Lookups = report.WorkloadDay, 0 }},
		{24 * time.Hour, func(c *Config) { c.Workload, c.Sessions = report.WorkloadDay, sessions(t, kadSessions) }},
		{time.Second, func(c *Config) { c.Duration = time.Second }},
		{0, func(c *Config) {
			c.Nodes, c.Lookups, c.K, c.Alpha, c.Loss, c.Duplicate = maxNodes, maxLookups, 1, maxAlpha, 0.999, 1
		}},
		{24 * time.Hour, func(c *Config) { c.Workload, c.Keys, c.TTL = report.WorkloadDay, maxKeys, store.MaxTTL }},
	} {
		cfg := config(10, 10, c.change)
		for range 2 {
			if err := cfg.Check(); err != nil {
				t.Error(err)
			}
			if cfg.Duration != c.duration || cfg.Targets != report.TargetsRandom {
				t.Errorf("%+v: duration %v, targets %q", cfg, cfg.Duration, cfg.Targets)
			}
		}
	}
}

// A report's config says what applied, and nothing that did not.
func TestReportedConfig(t *testing.T) {
	c := config(10, 10, nil)
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	if r := c.report(); r.Sessions != "" || r.Duration != "" || r.TTL != "" || r.Targets != report.TargetsRandom || r.Keys != 0 {
		t.Errorf("%+v", r)
	}
	c = config(10, 10, func(c *Config) {
		c.Workload, c.Sessions, c.TTL = report.WorkloadValue, sessions(t, "exp:1h"), time.Hour
	})
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	if r := c.report(); r.Sessions != "exp:1h" || r.Duration != "1h0m0s" || r.TTL != "1h0m0s" || r.Targets != "" {
		t.Errorf("%+v", r)
	}
}

// As many keys as there may be are put one after the other, and none before the start.
func TestManyKeys(t *testing.T) {
	slow(t)
	c := config(1, 0, func(c *Config) { c.Workload, c.Keys = report.WorkloadDay, 4_000_000 })
	n := grown(t, c)
	last := time.Duration(0)
	for range 100_000 {
		e := n.control.take()
		if e.at < last {
			t.Fatalf("an event of %v after one of %v", e.at, last)
		}
		last = e.at
	}
	for i := range n.control.events {
		if e := &n.control.events[i]; e.at < 0 || e.at > 25*time.Hour {
			t.Fatalf("an event at %v", e.at)
		}
	}
}
