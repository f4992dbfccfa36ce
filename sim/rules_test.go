package sim

import (
	"context"
	"slices"
	"testing"
	"time"

	"kadmium/kbucket"
	"kadmium/lookup"
	"kadmium/sim/report"
)

// A wide rule starts with more contacts and asks all that it knows at once. Its tables
// have more room for the farthest contacts.
type wideRule struct{ lookup.Plain }

func (wideRule) Seeds(k int) int        { return 4 * k }
func (wideRule) Burst(lookup.View) bool { return true }

func (wideRule) Next(v lookup.View) *lookup.Candidate {
	for c := range v.Candidates() {
		if c.Unasked() && c.Hop() == 1 {
			return c
		}
	}
	return lookup.Plain{}.Next(v)
}

type widePolicy struct{ kbucket.Plain }

func (widePolicy) Places(cpl int, usual kbucket.Room) kbucket.Room {
	if cpl == 0 {
		usual.Contacts *= 2
	}
	return usual
}

func init() {
	RegisterLookup("test-same", func(lookup.Config) lookup.Rule { return struct{ lookup.Plain }{} }, 0, 0)
	RegisterTable("test-same", func() kbucket.Policy { return struct{ kbucket.Plain }{} })
	RegisterLookup("test-wide", func(lookup.Config) lookup.Rule { return wideRule{} }, 5, 7)
	RegisterTable("test-wide", func() kbucket.Policy { return widePolicy{} })
}

// Without loss and with it, on ideal and on joined tables, rules that only embed Plain
// are those named plain.
func TestPlainRulesChangeNothing(t *testing.T) {
	for _, change := range []func(*Config){
		func(c *Config) { c.Loss = 0.1 },
		func(c *Config) { c.Tables, c.Workload, c.Nodes = report.TablesJoin, report.WorkloadMixed, 60 },
	} {
		r := simulate(t, config(300, 60, func(c *Config) {
			change(c)
			c.Lookup, c.Table = RulePlain, RulePlain
		}))
		r.Config.Lookup, r.Config.Table = "", ""
		want := inLines(lasting(t, r))
		for _, name := range []string{RulePlain, "test-same"} {
			r := simulate(t, config(300, 60, func(c *Config) {
				change(c)
				c.Lookup, c.Table = name, name
			}))
			if r.Config.Lookup != name || r.Config.Table != name {
				t.Errorf("the report names %q and %q, want %q", r.Config.Lookup, r.Config.Table, name)
			}
			r.Config.Lookup, r.Config.Table = "", ""
			if got := inLines(lasting(t, r)); got != want {
				t.Errorf("%s: the report differs:\n%s\nwant\n%s", name, got, want)
			}
		}
	}
}

// Nodes of a history follow this project's policy, also where their tables begin as ideal
// ones: they change.
func TestTablesOfHistoriesFollowThePolicy(t *testing.T) {
	for what, change := range map[string]func(*Config){
		"find": func(c *Config) { c.Duration = 2 * time.Hour },
		"value": func(c *Config) {
			c.Workload, c.Duration = report.WorkloadValue, 2*time.Hour
		},
		"day": func(c *Config) {
			c.Workload, c.Duration = report.WorkloadDay, 2*time.Hour
		},
	} {
		run := func(table string) *report.Report {
			r := simulate(t, config(120, 600, func(c *Config) {
				c.K, c.Table = 3, table
				change(c)
			}))
			r.Config.Table = ""
			return r
		}
		if inLines(lasting(t, run(RuleKadmium))) == inLines(lasting(t, run(RulePlain))) {
			t.Errorf("%s: no table follows %s", what, RuleKadmium)
		}
	}
	plain := config(300, 20, func(c *Config) { c.Table = RulePlain })
	a, b := simulate(t, config(300, 20, nil)), simulate(t, plain)
	if b.Config.Table = ""; inLines(lasting(t, a)) != inLines(lasting(t, b)) {
		t.Error("the policies differ where nothing enters a table")
	}
}

// A registered rule is followed by all lookups, and a policy by all tables, ideal ones
// too.
func TestRegisteredRulesAreFollowed(t *testing.T) {
	c := func(name string) Config {
		return config(300, 60, func(c *Config) { c.K, c.Lookup, c.Table = 5, name, name })
	}
	plain, wide := simulate(t, c(RulePlain)), simulate(t, c("test-wide"))
	if wide.RPCs.Mean < 20 || plain.RPCs.Mean > 15 {
		t.Errorf("%v requests a lookup, plain %v; want all of the 20 seeds asked", wide.RPCs.Mean, plain.RPCs.Mean)
	}
	if a, b := plain.Buckets[0].Contacts, wide.Buckets[0].Contacts; a != 5 || b != 10 {
		t.Errorf("the farthest bucket has %v contacts, plain %v; want 10 and 5", b, a)
	}
	if k, alpha := OwnParameters("test-wide"); k != 5 || alpha != 7 {
		t.Errorf("its own k and alpha are %d and %d", k, alpha)
	}
	if k, alpha := OwnParameters("test-same"); k != 20 || alpha != 3 {
		t.Errorf("without its own k and alpha they are %d and %d", k, alpha)
	}
	if !slices.Contains(LookupNames(), "test-wide") || !slices.Contains(TableNames(), "test-wide") {
		t.Errorf("registered are %v and %v", LookupNames(), TableNames())
	}
}

// A name that is taken, or none, is a mistake of the program.
func TestRegisterRefuses(t *testing.T) {
	rule := func(lookup.Config) lookup.Rule { return lookup.Plain{} }
	for what, register := range map[string]func(){
		"a lookup rule's name twice": func() { RegisterLookup("test-same", rule, 0, 0) },
		"a product's name":           func() { RegisterLookup(RuleKadmium, rule, 0, 0) },
		"no name":                    func() { RegisterLookup("", rule, 0, 0) },
		"no rule":                    func() { RegisterLookup("test-none", nil, 0, 0) },
		"a policy's name twice":      func() { RegisterTable("test-same", func() kbucket.Policy { return kbucket.Plain{} }) },
		"no policy":                  func() { RegisterTable("test-none", nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: it was registered", what)
				}
			}()
			register()
		}()
	}
	c := Defaults()
	c.Lookup = "nobody's"
	if _, err := Run(context.Background(), c, nil); err == nil {
		t.Error("a rule that nobody registered was followed")
	}
}
