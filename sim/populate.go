package sim

import (
	"context"
	"math/rand/v2"
	"time"

	"kadmium/identity"
	"kadmium/sim/report"
)

// How fast a network of joining nodes grows: one node a second at first, later by at most
// a sixtieth of its size a second. The workload starts after the last has settled.
const (
	growthTime  = 60 * time.Second
	growthFirst = time.Second
	growthRest  = settled + 30*time.Second
)

// populate makes the nodes of the network, or puts their joins into the queue.
func (n *network) populate(ctx context.Context) {
	n.bootstrap = []identity.Address{n.book.Address(n.first)}
	n.lazy = n.cfg.Tables == report.TablesIdeal && n.cfg.Sessions.Always() && n.cfg.Workload != report.WorkloadDay
	if n.lazy {
		return
	}
	present, flips := n.presentAtStart()
	if n.cfg.Tables == report.TablesJoin {
		n.grow(present)
	} else {
		n.book.restrictTo(present)
		for i, c := range present {
			if i%256 == 0 {
				if ctx.Err() != nil {
					break
				}
				n.run.progress("tables", i, len(present))
			}
			n.enlist(n.makeSettled(c))
		}
		n.book.restrictTo(nil)
	}
	for _, e := range flips {
		e.at += n.workload.start
		n.queue.put(e)
	}
}

// makeSettled makes a node that has been up for long: its table is ideal.
func (n *network) makeSettled(c identity.Contact) *node {
	nd := n.make(c)
	nd.joined = -settled
	n.fillAll(nd)
	n.perform(nd, n.effects[:0]) // schedule its first tick
	return nd
}

// presentAtStart lists the nodes that are up at the start, in the order of the book.
// first is the first flip of each node, relative to the start of the workload.
func (n *network) presentAtStart() (up []identity.Contact, first []event) {
	sessions := n.cfg.Sessions
	if !sessions.Always() {
		n.sessions = make([]*rand.PCG, len(n.all))
	}
	for i := range n.all {
		c := identity.Contact(i + 1)
		if sessions.Always() || c == n.first {
			up = append(up, c)
			continue
		}
		random := source(n.cfg.Seed, forSession, uint64(c))
		n.sessions[i] = random
		law := sessions.down
		if unit(random.Uint64()) < sessions.share() {
			up = append(up, c)
			law = sessions.up
		}
		first = append(first, event{at: law.residual(random), kind: flip, node: uint32(c)})
	}
	return up, first
}

// grow puts the joins of nodes into the queue, one after the other in random order.
func (n *network) grow(nodes []identity.Contact) {
	random := source(n.cfg.Seed, forGrowth, 1)
	order := make([]identity.Contact, 0, len(nodes))
	for _, c := range nodes {
		if c != n.first {
			order = append(order, c)
		}
	}
	for i := len(order) - 1; i > 0; i-- {
		j := below(random.Uint64(), i+1)
		order[i], order[j] = order[j], order[i]
	}
	n.joining = append([]identity.Contact{n.first}, order...)
	n.queue.put(event{kind: joinNext})
	at := time.Duration(0)
	for i := 1; i < len(n.joining); i++ {
		at += growth(i)
	}
	n.workload.start = at + growthRest
}

// growth is the time between the join of node i and the join before it.
func growth(i int) time.Duration { return min(growthFirst, growthTime/time.Duration(i)) }

// joinNext has the next node join a network that grows.
func (n *network) joinNext() {
	c := n.joining[n.joined]
	n.joined++
	if n.joined < len(n.joining) {
		n.queue.put(event{at: n.now + growth(n.joined), kind: joinNext})
	}
	nd := n.make(c)
	n.enlist(nd)
	n.join(nd)
}

// join has a node with a new engine join the network.
func (n *network) join(nd *node) {
	nd.joined = never
	n.perform(nd, nd.engine.Join(n.clock(), n.track(nd, nil), nil, n.effects[:0]))
	if nd.contact == n.first {
		nd.joined = n.now
	}
}
