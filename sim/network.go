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

// A network is all nodes of a run, whose events are one history.
type network struct {
	*world
	run         *run
	all         []*node // by contact, minus one; nil: not made yet
	up          []*node // in an order that depends on the history only
	upTime      float64 // node seconds, since the start of the workload
	upTimeUntil time.Duration
	lazy        bool               // all nodes are up, and are made when they are first needed
	sessions    []*rand.PCG        // for the sessions of each node, by contact, minus one
	joining     []identity.Contact // of a network that grows: the nodes in the order in which they join
	joined      int                // the number of them that have been started
	lastOp      engine.OpID
	deferred    []func() // functions in the queue, by the index in their events
	freeSlots   []uint32 // free indexes of deferred

	workload    workload
	departed    tally // of engines whose nodes have left
	longest     *longest
	series      []report.Interval
	groundTruth []identity.Contact
}

// settled is how long after its join a node takes part in operations and ground truth.
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

// newNetwork makes a network at the beginning of its history. If ctx ends meanwhile, some
// of its nodes are missing.
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

// more reports whether the run is not finished.
func (n *network) more() bool { return !n.ended() && !n.queue.empty() }

// advance handles the next event.
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

// at puts a function into the queue.
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

// node is the node of a contact; nil if it is down.
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

// make gives the node of a contact a new engine.
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

// reachable reports whether a lookup that started at the given time can be expected to
// find a server: it is up and answers, and had settled before that time.
func (n *network) reachable(c identity.Contact, began time.Duration) bool {
	if n.lazy && n.all[c-1] == nil {
		return n.role(c) != silent
	}
	nd := n.all[c-1]
	return nd != nil && nd.engine != nil && nd.role != silent && nd.joined+settled <= began
}

// never is the time of a join that has not ended.
const never = time.Duration(math.MaxInt64) - settled

// enlist adds a node to those that are up, delist removes it.
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

// addUpTime adds up the time for which nodes were up.
func (n *network) addUpTime() {
	if n.now > n.upTimeUntil {
		n.upTime += float64(n.upCount() * (n.now - n.upTimeUntil).Seconds())
	}
	n.upTimeUntil = max(n.now, n.upTimeUntil)
}

// upCount is the number of nodes that are up.
func (n *network) upCount() float64 {
	if n.lazy {
		return float64(len(n.all))
	}
	return float64(len(n.up))
}
