package sim

import (
	"errors"
	"math"
	"strings"

	"kadmium/sim/report"
	"kadmium/sim/theory"
)

// Expected is what theory says of a run (package theory), or why it says nothing. The error
// is ErrBadConfig.
func Expected(cfg Config) (*report.Theory, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	if why := cfg.beyondTheory(); why != "" {
		return &report.Theory{NotFor: why}, nil
	}
	d, err := theory.Hops(theory.Params{Nodes: cfg.Nodes, K: cfg.K, Alpha: cfg.Alpha, Bits: 1})
	if errors.Is(err, theory.ErrNotCovered) {
		return &report.Theory{NotFor: strings.TrimPrefix(err.Error(), theory.ErrNotCovered.Error()+": ")}, nil
	}
	if err != nil {
		return nil, err
	}
	return &report.Theory{Hops: math.Round(1e3*d.Mean()) / 1e3}, nil
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
	case c.Loss > 0:
		return "lost datagrams"
	case c.Client+c.Silent+c.Lying > 0:
		return "nodes that are no honest servers"
	case c.Latency.kind != "const":
		return "answers that do not come together: the latency " + c.Latency.String()
	}
	return ""
}
