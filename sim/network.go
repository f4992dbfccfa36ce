package sim

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/sim/report"
)

// A network is all nodes of a run in one history.
type network struct {
	*world
	run      *run
	all      []*node // by contact, less one; nil: not made yet
	up       []*node // in an order that depends on nothing but the history
	upTime   float64 // node seconds, since the workload began
	upSince  time.Duration
	lazy     bool               // all are up, and made when they are first needed
	sessions []*rand.PCG        // of each node's sessions, by contact, less one
	joining  []identity.Contact // in the order in which they join a network that grows
	entered  int                // of those
	lastOp   engine.OpID
	later    []func() // by the number that a follow event has
	unused   []uint32 // numbers of later

	workload workload
	gone     tally // of engines that are no more
	longest  *longest
	series   []report.Interval
	truth    []identity.Contact
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
	n.conclude()
}

// newNetwork is a network at the beginning of its history. If ctx ends before it is
// whole some of its nodes are missing.
func (r *run) newNetwork(ctx context.Context) *network {
	cfg := &r.cfg
	servers := r.servers()
	r.book = newBook(cfg.Seed, servers, cfg.population()-servers)
	n := &network{world: newWorld(cfg, r.book), run: r, all: make([]*node, cfg.population())}
	n.first = identity.Contact(1 + below(hash(cfg.Seed, forGrowth), servers))
	n.nodes = n.node
	r.keep = n
	n.prepare()
	n.populate(ctx)
	n.plan()
	return n
}

// more reports whether the history goes on.
func (n *network) more() bool { return !n.over() && !n.queue.empty() }

// advance has the next event happen.
func (n *network) advance() {
	switch e := n.step(); e.kind {
	case enter:
		n.enter()
	case flip:
		n.flip(identity.Contact(e.node))
	case follow:
		do := n.later[e.node]
		n.later[e.node], n.unused = nil, append(n.unused, e.node)
		do()
	}
}

// at puts something off to a time.
func (n *network) at(when time.Duration, do func()) {
	var number uint32
	if last := len(n.unused) - 1; last >= 0 {
		number, n.unused = n.unused[last], n.unused[:last]
		n.later[number] = do
	} else {
		number = uint32(len(n.later))
		n.later = append(n.later, do)
	}
	n.queue.put(event{at: when, kind: follow, node: number})
}

// node is a node that is up.
func (n *network) node(c identity.Contact) *node {
	nd := n.all[c-1]
	if nd == nil && n.lazy {
		nd = n.ready(c)
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
	nd.life++
	nd.engine = n.newEngine(c, mode, rand.NewPCG(hash(n.cfg.Seed, forEngine, uint64(c), nd.life), 0))
	return nd
}

// counts reports whether a server can be counted on by a lookup that began at a
// time: it is up, has been since, and had joined half a minute before.
func (n *network) counts(c identity.Contact, began time.Duration) bool {
	if n.lazy && n.all[c-1] == nil {
		return n.role(c) != silent
	}
	nd := n.all[c-1]
	return nd != nil && nd.engine != nil && nd.role != silent && nd.joined+settled <= began
}

// anybody is a random honest node that has joined, 0 if there is hardly any.
func (n *network) anybody() *node {
	for range 100 {
		var nd *node
		if n.lazy {
			nd = n.node(identity.Contact(1 + below(n.workload.choice.Uint64(), len(n.all))))
		} else if len(n.up) > 0 {
			nd = n.up[below(n.workload.choice.Uint64(), len(n.up))]
		}
		if nd != nil && nd.role == honest && nd.joined+settled <= n.now {
			return nd
		}
	}
	return nil
}

// elsewhere is somebody who is not among the k closest to a key, where there is such a
// node: a holder would ask nobody for it.
func (n *network) elsewhere(key *identity.Position) *node {
	n.truth = n.book.closest(n.truth[:0], key, n.cfg.K, func(c identity.Contact) bool { return n.counts(c, n.now) })
	var nd *node
	for range 10 {
		if nd = n.anybody(); nd == nil || !slices.Contains(n.truth, nd.contact) {
			break
		}
	}
	return nd
}

// never is when a node joined that has not.
const never = time.Duration(math.MaxInt64) - settled

// enlist puts a node among those that are up.
func (n *network) enlist(nd *node) {
	n.count()
	nd.place = len(n.up)
	n.up = append(n.up, nd)
}

func (n *network) delist(nd *node) {
	n.count()
	last := n.up[len(n.up)-1]
	n.up[nd.place], last.place = last, nd.place
	n.up = n.up[:len(n.up)-1]
}

// count adds up the time that nodes were up.
func (n *network) count() {
	if n.now > n.upSince {
		n.upTime += float64(n.ups() * (n.now - n.upSince).Seconds())
	}
	n.upSince = max(n.now, n.upSince)
}

// ups is the number of nodes that are up.
func (n *network) ups() float64 {
	if n.lazy {
		return float64(len(n.all))
	}
	return float64(len(n.up))
}
