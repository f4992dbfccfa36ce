package sim

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/sim/report"
)

// A network is all nodes of a run in one history.
type network struct {
	*world
	run         *run
	all         []*node // by contact, less one; nil: not made yet
	up          []*node // in an order that depends on nothing but the history
	upTime      float64 // node seconds, since the workload began
	upTimeUntil time.Duration
	lazy        bool               // all are up, and made when they are first needed
	sessions    []*rand.PCG        // of each node's sessions, by contact, less one
	joining     []identity.Contact // in the order in which they join a network that grows
	joined      int                // of those
	lastOp      engine.OpID
	deferred    []func() // by the number that a follow event has
	freeSlots   []uint32 // numbers of later

	workload    workload
	departed    tally // of engines that are no more
	longest     *longest
	series      []report.Interval
	groundTruth []identity.Contact
}

// settled is how long ago a node must have joined to be counted on.
const settled = 30 * time.Second

// network runs one history from its beginning to its end.
func (r *run) network(ctx context.Context) {
	n := r.newNetwork(ctx)
	for count := 0; n.more(); count++ {
		if count%1024 == 0 {
			if r.stopped = ctx.Err() != nil; r.stopped {
				break
			}
			r.progress("virtual seconds", int(n.now/time.Second), int(n.workload.end/time.Second))
		}
		n.advance()
	}
	n.writeReport()
}

// newNetwork is a network at the beginning of its history. If ctx ends before it is
// whole some of its nodes are missing.
func (r *run) newNetwork(ctx context.Context) *network {
	cfg := &r.cfg
	servers := r.servers()
	r.book = newBook(cfg.Seed, servers, cfg.population()-servers)
	n := &network{world: newWorld(cfg, r.book), run: r, all: make([]*node, cfg.population())}
	n.first = identity.Contact(1 + below(hash(cfg.Seed, forGrowth), servers))
	n.nodeOf = n.node
	r.alive = n
	n.prepare()
	n.populate(ctx)
	n.plan()
	return n
}

// more reports whether the history goes on.
func (n *network) more() bool { return !n.ended() && !n.queue.empty() }

// advance has the next event happen.
func (n *network) advance() {
	switch e := n.step(); e.kind {
	case joinNext:
		n.joinNext()
	case flip:
		n.flip(identity.Contact(e.node))
	case deferred:
		do := n.deferred[e.node]
		n.deferred[e.node], n.freeSlots = nil, append(n.freeSlots, e.node)
		do()
	}
}

// at puts something off to a time.
func (n *network) at(when time.Duration, do func()) {
	var number uint32
	if last := len(n.freeSlots) - 1; last >= 0 {
		number, n.freeSlots = n.freeSlots[last], n.freeSlots[:last]
		n.deferred[number] = do
	} else {
		number = uint32(len(n.deferred))
		n.deferred = append(n.deferred, do)
	}
	n.queue.put(event{at: when, kind: deferred, node: number})
}

// node is a node that is up.
func (n *network) node(c identity.Contact) *node {
	nd := n.all[c-1]
	if nd == nil && n.lazy {
		nd = n.makeSettled(c)
	}
	if nd == nil || nd.engine == nil {
		return nil
	}
	return nd
}

// make gives a contact a node with a fresh engine.
func (n *network) make(c identity.Contact) *node {
	nd := n.all[c-1]
	if nd == nil {
		nd = &node{contact: c, client: int(c) > n.book.servers}
		if !nd.client {
			nd.role = n.role(c)
		}
		n.all[c-1] = nd
	}
	mode := engine.Server
	if nd.client {
		mode = engine.Client
	}
	nd.incarnation++
	nd.engine = n.newEngine(c, mode, rand.NewPCG(hash(n.cfg.Seed, forEngine, uint64(c), nd.incarnation), 0))
	return nd
}

// counts reports whether a server can be counted on by a lookup that began at a
// time: it is up, has been since, and had joined half a minute before.
func (n *network) reachable(c identity.Contact, began time.Duration) bool {
	if n.lazy && n.all[c-1] == nil {
		return n.role(c) != silent
	}
	nd := n.all[c-1]
	return nd != nil && nd.engine != nil && nd.role != silent && nd.joined+settled <= began
}

// never is when a node joined that has not.
const never = time.Duration(math.MaxInt64) - settled

// enlist puts a node among those that are up.
func (n *network) enlist(nd *node) {
	n.addUpTime()
	nd.upIndex = len(n.up)
	n.up = append(n.up, nd)
}

func (n *network) delist(nd *node) {
	n.addUpTime()
	last := n.up[len(n.up)-1]
	n.up[nd.upIndex], last.upIndex = last, nd.upIndex
	n.up = n.up[:len(n.up)-1]
}

// count adds up the time that nodes were up.
func (n *network) addUpTime() {
	if n.now > n.upTimeUntil {
		n.upTime += float64(n.upCount() * (n.now - n.upTimeUntil).Seconds())
	}
	n.upTimeUntil = max(n.now, n.upTimeUntil)
}

// ups is the number of nodes that are up.
func (n *network) upCount() float64 {
	if n.lazy {
		return float64(len(n.all))
	}
	return float64(len(n.up))
}
