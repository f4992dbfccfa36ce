package main

import (
	"context"
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

// bucketSize is k, which is the same on both sides as shipped.
const bucketSize = 20

// A plan is what a run measures and plays.
type plan struct {
	costs []network
	nodes int      // of networks that a case leaves open
	cases []string // by their names
}

// A network is made and measured once on each side.
type network struct {
	title  string // for the progress
	config cost.Config
	named  func(operation string) string // how the report calls an operation
}

// behaviourNodes is the most nodes of the networks that a case leaves open: what a
// case shows does not depend on it.
const behaviourNodes = 10

// Over a link with delay fewer lookups tell as much, and each takes long.
const (
	farLink    = 25 * time.Millisecond
	farLookups = 20
)

// atAlphas are the operations that the other alphas are measured with: the one that
// all others consist of, cold too, and one that asks as many but for a value.
var atAlphas = []string{report.Closest, report.ClosestCold, "find peer, cold", "get to the end"}

// alphas are those at which a run measures; none: as shipped.
func (o *options) alphas() []int {
	if o.profile == side.Defaults {
		return []int{}
	}
	return []int{3, 10}
}

// plan says what to do, or what is wrong with --only.
func (o *options) plan() (*plan, error) {
	p := &plan{nodes: min(o.nodes, behaviourNodes)}
	if o.only != "behaviour" {
		p.costs = o.networks()
	}
	if o.only != "costs" {
		for _, c := range behaviour.Cases() {
			p.cases = append(p.cases, c.Name)
		}
	}
	if o.only == "" || o.only == "costs" || o.only == "behaviour" {
		return p, nil
	}
	return p, p.restrict(o.only)
}

// networks are all that a run makes: one at each alpha and, as the targets ask for
// it, one over a link of 25 ms.
func (o *options) networks() []network {
	base := cost.Config{Nodes: o.nodes, Lookups: o.lookups, Profile: o.profile, Delay: o.link, TCP: o.tcp}
	first := network{title: "as shipped", config: base, named: func(operation string) string { return operation }}
	first.config.Network = true
	var others []network
	for i, alpha := range o.alphas() {
		if i == 0 {
			first.title, first.config.Alpha = fmt.Sprint("alpha ", alpha), alpha
			continue
		}
		other := network{title: fmt.Sprint("alpha ", alpha), config: base, named: func(operation string) string { return report.AtAlpha(operation, alpha) }}
		other.config.Alpha, other.config.Only = alpha, atAlphas
		others = append(others, other)
	}
	if o.link == 0 {
		far := network{title: "over 25 ms", config: base, named: over25}
		far.config.Alpha, far.config.Delay, far.config.Lookups = first.config.Alpha, farLink, min(o.lookups, farLookups)
		far.config.Only = []string{report.Closest, report.ClosestCold}
		others = append(others, far)
	}
	return append([]network{first}, others...)
}

func over25(operation string) string {
	return map[string]string{report.Closest: report.ClosestFar, report.ClosestCold: report.ClosestFarCold}[operation]
}

// operations are the network's, as package cost calls them.
func (n *network) operations() []string {
	if n.config.Only != nil {
		return n.config.Only
	}
	return cost.Operations()
}

// restrict leaves what has a part in its name.
func (p *plan) restrict(part string) error {
	var kept []network
	var known []string
	for _, n := range p.costs {
		all := n.operations()
		n.config.Only = nil
		for _, o := range all {
			known = append(known, n.named(o))
			if strings.Contains(n.named(o), part) {
				n.config.Only = append(n.config.Only, o)
			}
		}
		if n.config.Network {
			known = append(known, report.Network)
			if n.config.Network = strings.Contains(report.Network, part); n.config.Network {
				n.config.Only = append(n.config.Only, report.Closest) // an unused network costs little
			}
		}
		if n.config.Only != nil {
			kept = append(kept, n)
		}
	}
	known = append(known, p.cases...)
	p.costs = kept
	p.cases = slices.DeleteFunc(p.cases, func(name string) bool { return !strings.Contains(name, part) })
	if p.costs == nil && len(p.cases) == 0 {
		return fmt.Errorf("nothing is called %q: want --only costs, behaviour, or a part of one of these names:\n  %s", part, strings.Join(known, "\n  "))
	}
	return nil
}

// carryOut measures and plays, telling how far it is.
func (p *plan) carryOut(ctx context.Context, stderr io.Writer) ([]report.Series, *played, error) {
	shown := newProgress(stderr)
	defer shown.end()
	measured, err := p.measure(ctx, shown)
	if err != nil {
		return nil, nil, err
	}
	all, err := p.play(ctx, shown)
	return measured, all, err
}

// measure measures the networks on both sides, one after the other.
func (p *plan) measure(ctx context.Context, shown *progress) ([]report.Series, error) {
	measured := []report.Series{}
	for _, n := range p.costs {
		var samples [2]cost.Sample
		for i, name := range []string{cost.Libp2p, cost.Kadmium} {
			title := name + ", " + n.title
			err := runChild(ctx, "cost", costJob{name, n.config}, &samples[i], func(stage string, done, total int) { shown.tell(title, stage, done, total) })
			if err != nil {
				return nil, fmt.Errorf("measuring %s: %w", title, err)
			}
		}
		measured = append(measured, n.beside(samples)...)
	}
	return measured, nil
}

// beside puts the figures of both sides together, operation by operation; what the
// network costs as a whole comes last.
func (n *network) beside(samples [2]cost.Sample) []report.Series {
	var operations []string
	figures := make(map[string][]report.Series)
	for i, sample := range samples {
		for _, f := range sample.Figures {
			if !slices.Contains(operations, f.Operation) {
				operations = append(operations, f.Operation)
			}
			of := figures[f.Operation]
			at := slices.IndexFunc(of, func(s report.Series) bool { return s.Metric == f.Metric })
			if at < 0 {
				at = len(of)
				of = append(of, report.Series{Operation: n.reported(f.Operation), Metric: f.Metric})
			}
			if i == 0 {
				of[at].Libp2p = f.Values
			} else {
				of[at].Kadmium = f.Values
			}
			figures[f.Operation] = of
		}
	}
	var all []report.Series
	for _, o := range operations {
		if o != cost.Network {
			all = append(all, figures[o]...)
		}
	}
	return append(all, figures[cost.Network]...)
}

// reported is how the report calls what package cost does.
func (n *network) reported(operation string) string {
	if operation == cost.Network {
		return report.Network
	}
	return n.named(operation)
}

// play plays the cases, if there are any. What cannot be played takes nothing with it
// of what was measured, which took minutes: its error is the context's alone.
func (p *plan) play(ctx context.Context, shown *progress) (*played, error) {
	all := &played{Rows: []report.Row{}}
	if len(p.cases) == 0 {
		return all, nil
	}
	begun := ""
	err := runChild(ctx, "behaviour", behaviourJob{p.nodes, p.cases}, all, func(stage string, done, total int) {
		begun = stage
		shown.tell("behaviour", stage, done, total)
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil { // the process that played them ended: of a panic, say
		everything := fmt.Sprintf("all %d, of which %q was begun last", len(p.cases), begun)
		return &played{Rows: []report.Row{}, Unplayed: []report.Unplayed{{Case: everything, Error: err.Error()}}}, nil
	}
	return all, nil
}
