package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"kadmium/compare/behaviour"
	"kadmium/compare/cost"
	"kadmium/compare/report"
	"kadmium/compare/side"
)

// A plan says what a run measures and plays.
type plan struct {
	costs []network
	nodes int      // of a network where the case does not say
	cases []string // names
}

// A network is the order to make and measure one network on each side.
type network struct {
	title  string // for the progress
	config cost.Config
	named  func(operation string) string // the name of an operation in the report
	runs   int                           // each with other hosts and keys

	// counted says that the lookups of the closest nodes are a row of the hops. only says that
	// the network has no costs in the report besides.
	counted, only bool

	// patient says that measuring mostly waits. Both sides are measured at the same time,
	// and at the same time as the networks that follow.
	patient bool
}

// behaviourNodes is the most nodes of a network where the case does not say. The outcome of
// the case does not depend on it.
const behaviourNodes = 10

// Over a link with delay each lookup takes long, and a few are enough.
const (
	farLink    = 25 * time.Millisecond
	farLookups = 20
)

// The networks whose hops are compared, if the flags do not say others: their buckets are so
// small that lookups take 2 to 4 hops.
const hopK = 4

var hopNodes = []int{100, 300}

// idleFor is how long an idle network is observed: the period of QUIC's keep-alives in
// libp2p, which is the longest period of either side below a minute.
const idleFor = 15 * time.Second

// alphas are the values of alpha to measure; none: the defaults.
func (o *options) alphas() []int {
	if o.profile == side.Defaults {
		return []int{}
	}
	return []int{3, 10}
}

// plan makes the plan. Its error says what is wrong with --only.
func (o *options) plan() (*plan, error) {
	p := &plan{nodes: min(o.nodes, behaviourNodes)}
	if o.only == "hops" || o.only == "" && !o.sized {
		p.costs = o.hopNetworks()
	}
	if o.only == "hops" {
		if p.costs == nil {
			return nil, errors.New("--only hops is for --profile matched: as shipped, the two sides' alphas differ")
		}
		return p, nil
	}
	if o.only != "behaviour" {
		p.costs = append(p.costs, o.networks()...)
	}
	if o.only != "costs" {
		for _, c := range behaviour.Cases() {
			p.cases = append(p.cases, c.Name)
		}
	}
	if slices.Contains([]string{"", "costs", "behaviour"}, o.only) {
		return p, nil
	}
	return p, p.restrict(o.only)
}

// hopNetworks are the networks in which hops alone are measured.
func (o *options) hopNetworks() []network {
	if o.profile == side.Defaults {
		return nil // the two sides' alphas differ, and theory has one
	}
	k, sizes := hopK, hopNodes
	if o.sized {
		k, sizes = o.k, []int{o.nodes}
	}
	var all []network
	for _, nodes := range sizes {
		all = append(all, network{
			title:  fmt.Sprintf("hops, %d nodes", nodes),
			config: cost.Config{Nodes: nodes, K: k, Alpha: o.alphas()[0], Lookups: o.lookups, Profile: o.profile, Delay: o.link, TCP: o.tcp, Operations: []string{report.Closest}},
			named:  func(operation string) string { return operation },
			runs:   cmp.Or(o.runs, report.LeastRuns), counted: true, only: true,
		})
	}
	return all
}

// networks are all networks of the costs: one for each alpha, one at rest that then crashes,
// and one over a link of 25 ms, which the targets need.
func (o *options) networks() []network {
	base := cost.Config{Nodes: o.nodes, K: o.k, Lookups: o.lookups, Profile: o.profile, Delay: o.link, TCP: o.tcp}
	if o.profile == side.Defaults {
		base.K = 0
	}
	same := func(operation string) string { return operation }
	first := network{title: "as shipped", config: base, named: same, counted: o.profile != side.Defaults}
	first.config.Operations = slices.DeleteFunc(cost.Operations(), func(o string) bool { return o == cost.Crashed })
	first.config.Converging, first.config.Holding = true, true
	rest := network{title: "at rest, then crashing", config: base, named: same, patient: true}
	rest.config.Idle, rest.config.Operations = idleFor, []string{cost.Crashed}
	networks := []network{first}
	for i, alpha := range o.alphas() {
		if i == 0 {
			networks[0].title, networks[0].config.Alpha, rest.config.Alpha = fmt.Sprint("alpha ", alpha), alpha, alpha
			continue
		}
		other := network{title: fmt.Sprint("alpha ", alpha), config: base, named: func(operation string) string { return report.AtAlpha(operation, alpha) }, counted: true}
		other.config.Alpha, other.config.Operations = alpha, first.config.Operations
		networks = append(networks, other)
	}
	networks = append(networks, rest)
	if o.link == 0 {
		far := network{title: "over 25 ms", config: base, named: over25}
		far.config.Alpha, far.config.Delay, far.config.Lookups = rest.config.Alpha, farLink, min(o.lookups, farLookups)
		far.config.Operations = []string{report.Closest, report.ClosestCold}
		networks = append(networks, far)
	}
	for i := range networks {
		networks[i].runs = max(o.runs, 1)
	}
	return networks
}

// mostNodes is the number of nodes of the largest network.
func (p *plan) mostNodes() int {
	most := p.nodes
	for _, n := range p.costs {
		most = max(most, n.config.Nodes)
	}
	return most
}

func over25(operation string) string {
	return map[string]string{report.Closest: report.ClosestFar, report.ClosestCold: report.ClosestFarCold}[operation]
}

// restrict keeps the operations and cases whose names contain part.
func (p *plan) restrict(part string) error {
	var kept []network
	var known []string
	for _, n := range p.costs {
		all := n.config.Operations
		n.config.Operations = nil
		for _, o := range all {
			known = append(known, n.named(o))
			if strings.Contains(n.named(o), part) {
				n.config.Operations = append(n.config.Operations, o)
			}
		}
		if !strings.Contains(report.Network, part) {
			n.config.Converging, n.config.Idle = false, 0
		}
		n.config.Holding = false // means nothing unless everything was measured
		if n.config.Operations != nil || n.config.Converging || n.config.Idle > 0 {
			kept = append(kept, n)
		}
	}
	known = append(append(known, report.Network), p.cases...)
	p.costs = kept
	p.cases = slices.DeleteFunc(p.cases, func(name string) bool { return !strings.Contains(name, part) })
	if p.costs == nil && len(p.cases) == 0 {
		return fmt.Errorf("nothing is called %q: want --only costs, hops, behaviour, or a part of one of these names:\n  %s", part, strings.Join(known, "\n  "))
	}
	return nil
}

// carryOut measures and plays, with progress on stderr. If a part fails, the others are
// still carried out, as they take minutes. Its error is that of ctx only.
func (p *plan) carryOut(ctx context.Context, stderr io.Writer) (*figures, *played, error) {
	shown := newProgress(stderr)
	measured := p.measure(ctx, shown)
	cases := p.play(ctx, shown)
	found := measured()
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	cases.Missing = append(found.missing, cases.Missing...)
	return found, cases, nil
}

// play plays the cases in one process. If that process ends early, for example by a panic,
// it plays each case in a process of its own, so that only the case at fault is missing.
func (p *plan) play(ctx context.Context, shown *progress) *played {
	all := &played{Rows: []report.Row{}}
	if len(p.cases) == 0 {
		return all
	}
	defer shown.ended(playing)
	together := p.playInOne(ctx, shown, p.cases, all)
	if together == nil {
		return all
	}
	// The failure is reported too: it may be caused by several cases together.
	all = &played{Rows: []report.Row{}, Missing: []report.Missing{{What: "behaviour, all cases in one process", Error: together.Error()}}}
	for i := range p.cases {
		if ctx.Err() != nil {
			break
		}
		one := new(played)
		if err := p.playInOne(ctx, shown, p.cases[i:i+1], one); err != nil {
			one = &played{Missing: []report.Missing{{What: "behaviour, " + p.cases[i], Error: err.Error()}}}
		}
		all.Rows, all.Missing = append(all.Rows, one.Rows...), append(all.Missing, one.Missing...)
	}
	return all
}

// playing is the title of the progress of cases.
const playing = "behaviour"

func (p *plan) playInOne(ctx context.Context, shown *progress, cases []string, answer *played) error {
	return runChild(ctx, "behaviour", behaviourJob{p.nodes, cases}, answer, func(stage string, done, total int) { shown.tell(playing, stage, done, total) })
}
