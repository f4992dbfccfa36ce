package sim

import (
	"context"
	"math/rand/v2"
	"time"

	"kadmium/engine"
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
	n.lazy = n.cfg.lazy()
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
			n.enlist(n.makeSettled(n.shard(c), c), 0)
		}
		n.book.restrictTo(nil)
	}
	for _, e := range flips {
		e.at += n.workload.start
		n.shard(identity.Contact(e.node)).queue.put(e)
	}
}

// makeSettled makes a node that has been up for long: its table is ideal.
func (n *network) makeSettled(w *world, c identity.Contact) *node {
	nd := n.make(w, c)
	nd.joined = -settled
	w.fillAll(nd, uint64(c))
	w.perform(nd, w.effects[:0]) // schedule its first tick
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

// grow plans the joins of nodes, one after the other in random order.
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
	at := time.Duration(0)
	for i := 1; i < len(n.joining); i++ {
		at += growth(i)
	}
	n.workload.start = at + growthRest
}

// growth is the time between the join of node i and the join before it.
func growth(i int) time.Duration { return min(growthFirst, growthTime/time.Duration(i)) }

// nextJoin is when the next node joins a network that grows; never if none does.
func (n *network) nextJoin() time.Duration {
	if n.joined == len(n.joining) {
		return never
	}
	return n.joinAt
}

// planJoins puts the joins before a time into the queues.
func (n *network) planJoins(end time.Duration) {
	for n.nextJoin() < end {
		c := n.joining[n.joined]
		n.shard(c).queue.put(event{at: n.joinAt, kind: joining, node: uint32(c)})
		n.joined++
		n.joinAt += growth(n.joined)
	}
}

// joinOp is the operation by which a node joins. Those of the workload follow.
const joinOp engine.OpID = 1

// join has a node with a new engine join the network.
func (n *network) join(w *world, nd *node) {
	w.note(nd, note{up: true})
	nd.joined = never
	w.perform(nd, nd.engine.Join(w.clock(), joinOp, nil, w.effects[:0]))
	if nd.contact == n.first {
		nd.joined = w.now
	}
}
