package sim

import (
	"fmt"
	"math"

	"kadmium/identity"
	"kadmium/kbucket"
	"kadmium/sim/report"
	"kadmium/sim/theory"
)

// Expected is what theory says of a run (package theory), or why it says nothing. The error
// is ErrBadConfig: what beyondTheory lets pass is within the limits of package theory, and
// theory.ErrNotCovered would be passed on.
func Expected(cfg Config) (*report.Theory, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	if why := cfg.beyondTheory(); why != "" {
		return &report.Theory{NotFor: why}, nil
	}
	d, err := theory.Hops(theory.Params{Nodes: cfg.Nodes, K: cfg.K, Alpha: cfg.Alpha, Bits: 1})
	if err != nil {
		return nil, err
	}
	return &report.Theory{Hops: math.Round(1e3*d.Mean()) / 1e3}, nil
}

// usualRoom reports whether all buckets have room for k contacts.
func (c *Config) usualRoom() bool {
	t := kbucket.New(identity.Position{}, nil, c.K)
	if c.policy != nil {
		t.Follow(c.policy())
	}
	for cpl := range identity.Bits {
		if t.Room(cpl).Contacts != t.K() {
			return false
		}
	}
	return true
}

// beyondTheory is what a run has that the model of package theory has not; empty: nothing.
func (c *Config) beyondTheory() string {
	switch {
	case c.Workload != report.WorkloadFind:
		return "the workload " + c.Workload
	case c.Targets != report.TargetsRandom:
		return "targets where nodes stand"
	case c.Tables != report.TablesIdeal:
		return "tables that nodes made themselves"
	case c.Lookup != RuleKadmium && c.Lookup != RulePlain:
		return "the lookup rule " + c.Lookup
	case !c.Sessions.Always():
		return "nodes that come and go"
	case !c.independent():
		return "lookups by nodes of the network, whose tables learn (--duration)"
	case !c.usualRoom():
		return "the table policy " + c.Table
	case c.Alpha > c.K: // the model asks the alpha closest
		return fmt.Sprintf("alpha %d with k %d: lookups ask only the k closest", c.Alpha, c.K)
	case c.Loss > 0:
		return "lost datagrams"
	case len(c.Attacks) > 0:
		return "an attack"
	case c.Subnets > 0:
		return "nodes that share subnets"
	case c.Client+c.Silent+c.Lying > 0:
		return "nodes that are no honest servers"
	case c.Latency.kind != "const":
		return "answers that do not come together: the latency " + c.Latency.String()
	}
	return ""
}
