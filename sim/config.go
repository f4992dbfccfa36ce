package sim

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"time"

	"kadmium/kbucket"
	"kadmium/lookup"
	"kadmium/rpc"
	"kadmium/sim/attack"
	"kadmium/sim/report"
	"kadmium/store"
)

// ErrBadConfig reports an invalid Config. The error says what is wrong with it.
var ErrBadConfig = errors.New("bad simulation")

// Limits of a Config.
const (
	maxNodes   = 14_000_000 // the number of public /24s: each node has its own
	maxLookups = 100_000_000
	maxKeys    = 10_000_000
	maxAlpha   = 64
)

// A Config says what to simulate. See Defaults.
type Config struct {
	Nodes     int     // up at a time, on average
	Lookups   int     // of the workload; in a day spread over its duration
	K         int     // contacts of a bucket and of an answer, holders of a value
	Alpha     int     // requests in flight in a lookup
	Seed      uint64  // of all random numbers
	Tables    string  // report.TablesIdeal or report.TablesJoin
	Latency   Latency // of the network
	Loss      float64 // share of datagrams that are lost, under 1
	Duplicate float64 // share of datagrams that arrive twice
	Sessions  Sessions
	Client    float64         // share of the nodes that are clients behind a NAT, and in no table
	Silent    float64         // share of the nodes that send requests and never answer any
	Lying     float64         // share of the nodes that name only each other, and acknowledge writes without storing
	Attacks   []attack.Attack // of each kind one at most; of lookups, puts and gets that affect no other
	Subnets   int             // /24s that the nodes share; 0: each has its own
	Workload  string
	Targets   string        // of find: report.TargetsRandom or report.TargetsNodes
	Duration  time.Duration // of the workload; 0: a day for WorkloadDay, otherwise an hour with sessions, otherwise pace for each lookup
	Keys      int           // of WorkloadDay: published at the start
	TTL       time.Duration // lifetime of stored values; 0: the default of the network
	Lookup    string        // the lookup rule, by its registered name; empty: RuleKadmium
	Table     string        // likewise the policy of routing tables
	Gets      string        // of values: report.GetsFirst, report.GetsQuorum or report.GetsFresh; empty: the second under attack, otherwise the first
	TraceOf   string        // the lookup whose trace the report has: report.TraceTypical, report.TraceWorst or its number

	rule   func(lookup.Config) lookup.Rule // of Lookup
	policy func() kbucket.Policy           // of Table; nil: kbucket.Preferring
	seeds  int                             // contacts that a lookup starts with
}

// pace is the time between the starts of two lookups if no duration is given.
const pace = 50 * time.Millisecond

// Defaults is the Config of a run without options.
func Defaults() Config {
	latency, _ := ParseLatency("const:50ms")
	return Config{Nodes: 10_000, Lookups: 1000, K: 20, Alpha: 3, Seed: 1, Tables: report.TablesIdeal, Latency: latency,
		Workload: report.WorkloadFind, Targets: report.TargetsRandom, TraceOf: report.TraceTypical}
}

// Check fills in the defaults of a Config. Its error is ErrBadConfig.
func (c *Config) Check() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrBadConfig, fmt.Sprintf(format, args...))
	}
	oneOf := func(what, value string, allowed ...string) error {
		for _, a := range allowed {
			if value == a {
				return nil
			}
		}
		return bad("%s %q, want one of %v", what, value, allowed)
	}
	switch {
	case c.Nodes < 1 || c.Nodes > maxNodes:
		return bad("%d nodes, want 1 to %d", c.Nodes, maxNodes)
	case c.Lookups < 0 || c.Lookups > maxLookups, c.Lookups == 0 && c.Workload != report.WorkloadDay:
		return bad("%d lookups, want 1 to %d", c.Lookups, maxLookups)
	case c.K < 1 || c.K > rpc.MaxContacts:
		return bad("k %d, want 1 to %d, what an answer holds", c.K, rpc.MaxContacts)
	case c.Alpha < 1 || c.Alpha > maxAlpha:
		return bad("alpha %d, want 1 to %d", c.Alpha, maxAlpha)
	case !(c.Loss >= 0 && c.Loss < 1):
		return bad("loss %v, want a share from 0 to under 1", c.Loss)
	case !(c.Duplicate >= 0 && c.Duplicate <= 1):
		return bad("duplicate %v, want a share from 0 to 1", c.Duplicate)
	case !(c.Client >= 0 && c.Silent >= 0 && c.Lying >= 0 && c.Client+c.Silent+c.Lying < 1):
		return bad("client %v, silent %v and lying %v, want shares that leave somebody", c.Client, c.Silent, c.Lying)
	case !(c.Client+c.Silent+c.Lying+c.attackers() < 1):
		return bad("client %v, silent %v, lying %v and attack %s, want shares that leave somebody", c.Client, c.Silent, c.Lying, attack.Join(c.Attacks))
	case c.Subnets < 0 || c.Subnets > maxNodes:
		return bad("%d subnets, want 0 to %d", c.Subnets, maxNodes)
	case c.pool().Subnets > 0 && c.population()+c.pool().Subnets > maxNodes:
		return bad("%d nodes and the pool's %d subnets, want at most %d in all", c.population(), c.pool().Subnets, maxNodes)
	case c.Keys < 0 || c.Keys > maxKeys:
		return bad("%d keys, want 0 to %d", c.Keys, maxKeys)
	case c.Keys > 0 && c.Workload != report.WorkloadDay:
		return bad("keys are published by the workload %s", report.WorkloadDay)
	case c.TTL > 0 && c.Workload != report.WorkloadValue && c.Workload != report.WorkloadMixed && c.Workload != report.WorkloadDay:
		return bad("a lifetime is for values: the workload %s stores none", c.Workload)
	case c.TTL < 0 || c.TTL > store.MaxTTL:
		return bad("ttl %v, want 0 to %v", c.TTL, store.MaxTTL)
	case c.Duration < 0 || c.Duration > 365*24*time.Hour:
		return bad("duration %v, want at most a year", c.Duration)
	case c.Latency.kind == "":
		return bad("no latency")
	case c.population() > maxNodes:
		return bad("sessions %s need %d nodes of which %d are up, want at most %d in all", c.Sessions, c.population(), c.Nodes, maxNodes)
	}
	if err := oneOf("tables", c.Tables, report.TablesIdeal, report.TablesJoin); err != nil {
		return err
	}
	if err := oneOf("workload", c.Workload, report.WorkloadFind, report.WorkloadValue, report.WorkloadProvide, report.WorkloadMixed, report.WorkloadDay); err != nil {
		return err
	}
	if a := c.eclipse(); a != nil {
		if len(c.Attacks) > 1 || c.Workload != report.WorkloadFind || c.Tables != report.TablesIdeal || c.Duration > 0 || c.Client+c.Silent+c.Lying > 0 {
			return bad("attack %s, want it alone, with the workload %s, tables %s, no duration, and no client, silent or lying nodes", a, report.WorkloadFind, report.TablesIdeal)
		}
		if c.Nodes < 2*c.K || c.population()+a.Subnets > maxNodes {
			return bad("attack %s on one of %d nodes, want %d to %d", a, c.Nodes, 2*c.K, maxNodes-a.Subnets)
		}
	} else if len(c.Attacks) > 0 && !c.independent() {
		return bad("attack %s, want it on what fresh clients do: the workload %s or %s, tables %s, no sessions and no duration", attack.Join(c.Attacks), report.WorkloadFind, report.WorkloadValue, report.TablesIdeal)
	}
	if a := c.sybil(); a != nil && a.Before == attack.BeforeGet && c.Workload != report.WorkloadValue {
		return bad("attack %s, want the workload %s, which puts and gets", a, report.WorkloadValue)
	}
	if c.serveStale() && c.Workload != report.WorkloadValue {
		return bad("attack %s, want the workload %s, which puts and gets", attack.Join(c.Attacks), report.WorkloadValue)
	}
	gets := c.Workload == report.WorkloadValue || c.Workload == report.WorkloadMixed || c.Workload == report.WorkloadDay
	switch {
	case gets && c.Gets == "" && len(c.Attacks) > 0:
		c.Gets = report.GetsQuorum
	case gets && c.Gets == "":
		c.Gets = report.GetsFirst
	case !gets && c.Gets != "":
		return bad("gets %q is for values: the workload %s gets none", c.Gets, c.Workload)
	case gets:
		if err := oneOf("gets", c.Gets, report.GetsFirst, report.GetsQuorum, report.GetsFresh); err != nil {
			return err
		}
	}
	if err := c.follow(); err != nil {
		return err
	}
	if c.Targets == "" {
		c.Targets = report.TargetsRandom
	}
	if c.TraceOf == "" {
		c.TraceOf = report.TraceTypical
	}
	if n, _ := strconv.Atoi(c.TraceOf); !report.Traceable(c.TraceOf) || n >= max(1, c.Lookups) {
		return bad("trace-of %q, want typical, worst or the number of a lookup, 0 to %d", c.TraceOf, max(1, c.Lookups)-1)
	}
	if err := oneOf("targets", c.Targets, report.TargetsRandom, report.TargetsNodes); err != nil {
		return err
	}
	if c.Duration == 0 && !c.independent() && c.eclipse() == nil {
		switch {
		case c.Workload == report.WorkloadDay:
			c.Duration = 24 * time.Hour
		case !c.Sessions.Always():
			c.Duration = time.Hour
		default:
			c.Duration = time.Duration(c.Lookups) * pace
		}
	}
	return nil
}

// independent reports whether no lookup affects another.
func (c *Config) independent() bool {
	return c.eclipse() == nil && (c.Workload == report.WorkloadFind || c.Workload == report.WorkloadValue && len(c.Attacks) > 0) &&
		c.Tables == report.TablesIdeal && c.Sessions.Always() && c.Duration == 0
}

// attackers is the share of the nodes that take part in attacks.
func (c *Config) attackers() (share float64) {
	for i := range c.Attacks {
		share += c.Attacks[i].Share
	}
	return share
}

// pool is the attack with ready-made identities; without any, if there is none.
func (c *Config) pool() (pool attack.Attack) {
	for _, a := range c.Attacks {
		if a.Kind == attack.Pool {
			pool = a
		}
	}
	return pool
}

// sybil is the attack with identities around each target; nil: there is none.
func (c *Config) sybil() *attack.Attack {
	for i := range c.Attacks {
		if c.Attacks[i].Kind == attack.Sybil {
			return &c.Attacks[i]
		}
	}
	return nil
}

// eclipse is the attack on one node; nil: there is none.
func (c *Config) eclipse() *attack.Attack {
	for i := range c.Attacks {
		if c.Attacks[i].Kind == attack.Eclipse {
			return &c.Attacks[i]
		}
	}
	return nil
}

// serveStale reports whether nodes serve older records.
func (c *Config) serveStale() bool {
	return slices.ContainsFunc(c.Attacks, func(a attack.Attack) bool { return a.Kind == attack.Stale })
}

// region is R, as far as the k closest nodes reach on average: a share of 2^64.
func (c *Config) region() uint64 {
	if c.Nodes < c.K {
		return math.MaxUint64
	}
	radius, _ := bits.Div64(uint64(c.K-1), 0, uint64(c.Nodes))
	return radius
}

// lazy reports whether the buckets of ideal tables are made when they are first read.
func (c *Config) lazy() bool {
	return c.Tables == report.TablesIdeal && c.Sessions.Always() && c.Workload != report.WorkloadDay
}

// The estimates of nodes on ideal tables: those of engines were measured to have this mean
// and standard deviation, in parts of the truth (TestSizeEstimateOfNetwork in engine).
const (
	sizeMean = 0.99
	sizeSD   = 0.075
)

// sizeEstimate is what a node takes for the network's size where no table tells.
func (c *Config) sizeEstimate(owner uint64) float64 {
	h := hash(c.Seed, forSize, owner)
	return float64(c.Nodes) * max(0.5, sizeMean+float64(sizeSD*normal(h, mix(h))))
}

// population is the number of all nodes, up or down.
func (c *Config) population() int { return c.Sessions.population(c.Nodes) }

// report is the Config of the report.
func (c *Config) report() report.Config {
	r := report.Config{Nodes: c.Nodes, Lookups: c.Lookups, K: c.K, Alpha: c.Alpha, Seed: c.Seed, Tables: c.Tables,
		Latency: c.Latency.String(), Loss: c.Loss, Duplicate: c.Duplicate,
		Client: c.Client, Silent: c.Silent, Lying: c.Lying, Attack: attack.Join(c.Attacks), Subnets: c.Subnets, Workload: c.Workload, Keys: c.Keys}
	if c.Workload == report.WorkloadFind || c.Workload == report.WorkloadMixed || c.Workload == report.WorkloadDay {
		r.Targets = c.Targets
	}
	if !c.Sessions.Always() {
		r.Sessions = c.Sessions.String()
	}
	if c.Duration > 0 {
		r.Duration = c.Duration.String()
	}
	if c.Lookup != RuleKadmium {
		r.Lookup = c.Lookup
	}
	if c.Table != RuleKadmium {
		r.Table = c.Table
	}
	if c.TraceOf != report.TraceTypical {
		r.TraceOf = c.TraceOf
	}
	if c.TTL > 0 {
		r.TTL = c.TTL.String()
	}
	if c.Gets != report.GetsFirst {
		r.Gets = c.Gets
	}
	return r
}
