package report

import (
	"fmt"
	"strings"

	"kadmium/sim/report"
)

// A Finding is an operation or a case in which libp2p does better.
type Finding struct {
	Matter string // an operation, or a case
	How    string
}

// Smaller differences may be chance.
const (
	materialRatio = 1.05
	materialShare = 1 // percentage points
)

// Better says where libp2p is better: in which operations kadmium's cost is
// materially higher, and in which cases it behaves worse.
func (r *Report) Better() []Finding {
	var found []Finding
	of := "" // the metric of the last finding
	for _, c := range r.Costs {
		if c.Libp2p == nil || c.Kadmium == nil || !c.libp2pBetter() {
			continue
		}
		how := fmt.Sprintf("%s %s, kadmium %s", c.Metric, report.Trimmed(*c.Libp2p), report.Trimmed(*c.Kadmium))
		if c.Ratio != nil && !share(c.Metric) {
			how += fmt.Sprintf(" (%s times)", report.Trimmed(*c.Ratio))
		}
		if last := len(found) - 1; last >= 0 && found[last].Matter == c.Operation {
			if name(c.Metric) != of { // one statistic of a metric is enough
				found[last].How += "; " + how
			}
			of = name(c.Metric)
			continue
		}
		of = name(c.Metric)
		found = append(found, Finding{c.Operation, how})
	}
	for _, row := range r.Behaviour {
		if why, ok := strings.CutPrefix(row.Why, LibraryBetter); ok {
			found = append(found, Finding{row.Case, strings.TrimSpace(why)})
		}
	}
	return found
}

// libp2pBetter reports whether libp2p does better in a cost that both sides have.
func (c *Cost) libp2pBetter() bool {
	switch {
	case share(c.Metric):
		return *c.Kadmium < *c.Libp2p-materialShare
	case name(c.Metric) == holders:
		return *c.Kadmium*materialRatio < *c.Libp2p
	}
	return *c.Kadmium > *c.Libp2p*materialRatio
}
