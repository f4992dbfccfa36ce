package report

import (
	"fmt"
)

// A Target is a figure that kadmium should reach, and whether it does.
type Target struct {
	What    string
	Want    string
	Cost    *Cost // nil: not measured
	Outcome string
}

// The outcomes of targets that were measured.
const (
	Reached    = "reached"
	NotReached = "not reached"
)

// The operations that have targets. Those over 25 ms are measured in addition to those on a
// link without delay.
const (
	Closest         = "closest"
	ClosestCold     = "closest, cold"
	ClosestCrashed  = "closest, a quarter crashed"
	ClosestFar      = "closest over 25 ms"
	ClosestFarCold  = "closest over 25 ms, cold"
	farLink         = "25ms"
	notMeasured     = "not measured in this run"
	notMeasuredOver = notMeasured + " (--link " + farLink + ")"
)

// AtAlpha is the name of an operation that is measured at an alpha other than the first.
func AtAlpha(operation string, alpha int) string {
	return fmt.Sprintf("%s, alpha %d", operation, alpha)
}

// A variant is one alpha at which all operations were measured.
type variant struct {
	alpha int // 0: as shipped
	first bool
}

// variants are the alphas of a run.
func (r *Report) variants() []variant {
	if len(r.Config.Alpha) == 0 {
		return []variant{{0, true}}
	}
	var all []variant
	for i, alpha := range r.Config.Alpha {
		all = append(all, variant{alpha, i == 0})
	}
	return all
}

// operation is the name of an operation in a variant. title is its name where the variants
// are listed, which always has the alpha.
func (v variant) operation(name string) string {
	if v.first {
		return name
	}
	return AtAlpha(name, v.alpha)
}

func (v variant) title(name string) string {
	if v.alpha == 0 {
		return name
	}
	return AtAlpha(name, v.alpha)
}

// Targets are the targets of kadmium relative to libp2p, and whether it reaches them.
func (r *Report) Targets() []Target {
	var all []Target
	add := func(c *Cost, what, want, missing string, reached func(c *Cost) bool) {
		t := Target{What: what, Want: want, Cost: c, Outcome: missing}
		if c != nil && c.Kadmium != nil && (c.Libp2p != nil || share(c.Metric)) {
			t.Outcome = NotReached
			if reached(c) {
				t.Outcome = Reached
			}
		}
		all = append(all, t)
	}
	most := func(ratio float64) func(*Cost) bool {
		return func(c *Cost) bool { return c.Ratio != nil && *c.Ratio <= ratio }
	}
	percent := func(ratio float64) string { return fmt.Sprintf("at most %.0f %% of libp2p's", 100*ratio) }

	for _, v := range r.variants() {
		operation, title := v.operation(Closest), v.title(Closest)
		add(r.cost(operation, "hops, mean"), title+": hops, mean", "at most libp2p's", notMeasured,
			func(c *Cost) bool { return *c.Kadmium <= *c.Libp2p })
		add(r.cost(operation, "requests, mean"), title+": requests, mean", "at most 75 % of libp2p's, or 21", notMeasured,
			func(c *Cost) bool { return *c.Kadmium <= .75**c.Libp2p || *c.Kadmium <= 21 })
		for _, t := range []struct {
			metric string
			ratio  float64
		}{{"bytes, median", .25}, {"latency ms, median", .5}, {"CPU ms, median", .2}} {
			add(r.cost(operation, t.metric), title+": "+t.metric, percent(t.ratio), notMeasured, most(t.ratio))
		}
	}
	far := ClosestFarCold
	if r.Config.Link == farLink {
		far = ClosestCold
	}
	add(r.cost(far, "latency ms, median"), ClosestFarCold+": latency ms, median", percent(.5), notMeasuredOver, most(.5))
	add(r.cost(Network, "memory KiB a node"), "memory KiB a node, at rest after lookups", percent(.1), notMeasured, most(.1))
	add(r.cost(Network, "goroutines a node"), "goroutines a node", percent(.05), notMeasured, most(.05))
	alive := func(operation, title string) {
		add(r.cost(operation, "alive %, mean"), title+": peers returned that are alive, %", "100", notMeasured,
			func(c *Cost) bool { return *c.Kadmium == 100 })
	}
	for _, v := range r.variants() {
		alive(v.operation(Closest), v.title(Closest))
	}
	alive(ClosestCrashed, r.variants()[0].title(ClosestCrashed)) // nodes crash at the first alpha only
	return all
}
