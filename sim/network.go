package sim

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/sim/report"
)

// A network is all nodes of a run, whose events are one history. It advances through
// windows that are no longer than a datagram is on its way at least, so what a node does
// in a window affects no other node before the next. The nodes are divided into shards,
// each with a queue of its own, which handle a window at the same time. What the workload
// does it does between two windows.
type network struct {
	cfg      *Config
	book     *book
	run      *run
	shards   []*world
	crew     *crew
	window   time.Duration      // the longest
	parity   int                // of the present window
	now      time.Duration      // since the start; between windows the shards' too
	first    identity.Contact   // the bootstrap node: honest, and up to the end
	all      []*node            // by contact, minus one; nil: not made yet
	up       []*node            // in an order that depends on the history only
	upTime   float64            // node seconds, since the start of the workload
	upUntil  time.Duration      // upTime counts up to here
	lazy     bool               // all nodes are up, and are made when they are first needed
	sessions []*rand.PCG        // for the sessions of each node, by contact, minus one
	joining  []identity.Contact // of a network that grows: the nodes in the order in which they join
	joined   int                // the number of them that have been planned
	joinAt   time.Duration      // of the next

	handled uint64 // events so far
	busy    bool   // the window before had so many that the next is for the crew

	control   queue // of what the workload does
	turns     uint64
	deferred  []func() // functions in control, by the index in their events
	freeSlots []uint32 // free indexes of deferred
	lastOp    engine.OpID

	workload    workload
	notes       []note
	tracer      *report.Tracer
	series      []report.Interval
	groundTruth []identity.Contact
}

// settled is how long after its join a node takes part in operations and ground truth.
const settled = 30 * time.Second

// never is the time of what does not happen, and of a join that has not ended.
const never = time.Duration(math.MaxInt64) - settled

// garbageOfFew is GOGC for a network of fewNodes at most: collections take half of the time
// that they would take, for memory that such a network does not lack.
const (
	garbageOfFew = 200
	fewNodes     = 100_000
)

// network runs one history from its beginning to its end.
func (r *run) network(ctx context.Context) {
	if r.cfg.population() <= fewNodes && r.cores == runtime.GOMAXPROCS(0) { // no other run shares the process
		defer debug.SetGCPercent(debug.SetGCPercent(garbageOfFew))
	}
	n := r.newNetwork(ctx, r.cores)
	defer n.crew.dismiss()
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

// maxShards bounds the shards, minShard the nodes for which one more pays. With several
// shards for each core no core waits long for another.
const (
	maxShards     = 64
	minShard      = 16
	shardsPerCore = 4
)

// newNetwork makes a network at the beginning of its history, to run on the given number of
// cores. If ctx ends meanwhile, some of its nodes are missing.
func (r *run) newNetwork(ctx context.Context, cores int) *network {
	cfg := &r.cfg
	servers := r.servers()
	r.book = newBook(cfg.Seed, servers, cfg.population()-servers)
	if cfg.Subnets > 0 {
		r.book.share(cfg.Seed, len(r.book.positions), cfg.Subnets)
	}
	n := &network{cfg: cfg, book: r.book, run: r, tracer: report.NewTracer(cfg.TraceOf), all: make([]*node, cfg.population()), lastOp: joinOp}
	n.first = identity.Contact(1 + below(hash(cfg.Seed, forGrowth), servers))
	shards := 1
	if cores > 1 {
		shards = max(1, min(cores*shardsPerCore, maxShards, len(n.all)/minShard))
	}
	if n.window = cfg.Latency.leastOneWay(); n.window < oneWayFloor {
		n.window, shards = oneWayFloor, 1 // a window holds answers too
	}
	for i := range shards {
		w := newWorld(cfg, r.book)
		w.exchange, w.first = newExchange(i, shards), n.first
		w.bootstrap = []identity.Address{n.book.Address(n.first)}
		w.nodeOf = func(c identity.Contact) *node { return n.nodeIn(w, c) }
		n.shards = append(n.shards, w)
	}
	n.crew = newCrew(shards, min(cores, runtime.NumCPU()), n.handle)
	r.alive = n
	n.prepare()
	n.populate(ctx)
	n.plan()
	return n
}

// shard is the shard of a node.
func (n *network) shard(c identity.Contact) *world { return n.shards[shardOf(c, len(n.shards))] }

// more reports whether the run is not finished.
func (n *network) more() bool { return !n.ended() && n.next() != never }

// next is the time of the next event.
func (n *network) next() time.Duration {
	next := min(n.control.next(), n.nextJoin())
	for _, w := range n.shards {
		next = min(next, w.queue.next(), w.exchange.earliest)
	}
	return next
}

// advance handles what the workload does next, or the next window. A window ends before
// the workload does something.
func (n *network) advance() {
	next, control := n.next(), n.control.next()
	if control <= next {
		n.goTo(control)
		for n.control.next() == control {
			n.shards[0].events++
			e := n.control.take()
			do := n.deferred[e.node]
			n.deferred[e.node], n.freeSlots = nil, append(n.freeSlots, e.node)
			do()
		}
	} else {
		end := min(next+n.window, control)
		n.planJoins(end)
		n.parity = 1 - n.parity
		n.handleAll(end)
		n.goTo(end)
	}
	n.settle()
}

// goTo sets the time between windows.
func (n *network) goTo(now time.Duration) {
	n.now = now
	for _, w := range n.shards {
		w.now = now
	}
}

// busyWindow is how many events a window must have had for the next one to be given to
// the crew: fewer take less time than waking and waiting.
const busyWindow = 8

// handleAll handles the events of a window that ends before the given time.
func (n *network) handleAll(end time.Duration) {
	if n.busy {
		n.crew.work(end)
	} else {
		for shard := range n.shards {
			n.handle(shard, end)
		}
	}
	before := n.handled
	n.handled = 0
	for _, w := range n.shards {
		n.handled += w.events
	}
	n.busy = n.handled-before >= busyWindow
}

// handle handles the events of one shard in a window that ends before the given time.
func (n *network) handle(shard int, end time.Duration) {
	w := n.shards[shard]
	w.collect(n.shards, n.parity)
	for w.queue.next() < end {
		n.handleNext(w)
	}
}

// handleNext handles the next event of a shard.
func (n *network) handleNext(w *world) {
	switch e := w.step(); e.kind {
	case joining:
		n.join(w, n.make(w, identity.Contact(e.node)))
	case flip:
		n.flip(w, identity.Contact(e.node))
	}
}

// settle tells the workload what has happened in the window, in an order that does not
// depend on the shards. What it then does may cause more.
func (n *network) settle() {
	for {
		for _, w := range n.shards {
			for _, c := range w.charges {
				if c.at <= c.operation.ended {
					c.operation.bytes += uint64(c.bytes)
				}
			}
			n.notes = append(n.notes, w.notes...)
			clear(w.charges)
			clear(w.notes)
			w.charges, w.notes = w.charges[:0], w.notes[:0]
		}
		if len(n.notes) == 0 {
			return
		}
		slices.SortStableFunc(n.notes, func(a, b note) int {
			return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.node.contact, b.node.contact))
		})
		for i := range n.notes { // first, so that what begins begins where a node is up
			switch what := &n.notes[i]; {
			case what.up:
				n.enlist(what.node, what.at)
			case what.down:
				n.delist(what.node, what.at)
			}
		}
		ended := n.notes
		n.notes = nil
		for i := range ended {
			n.end(&ended[i])
		}
		clear(ended)
		n.notes = ended[:0]
	}
}

// end handles the end of an operation.
func (n *network) end(what *note) {
	o := what.operation
	if o == nil {
		return
	}
	n.workload.outstanding--
	if what.result == nil {
		n.workload.abandoned++
		return
	}
	o.finished(o, what.result)
}

// at has the workload do something at a time.
func (n *network) at(when time.Duration, do func()) {
	var number uint32
	if last := len(n.freeSlots) - 1; last >= 0 {
		number, n.freeSlots = n.freeSlots[last], n.freeSlots[:last]
		n.deferred[number] = do
	} else {
		number = uint32(len(n.deferred))
		n.deferred = append(n.deferred, do)
	}
	n.turns++
	n.control.put(event{at: when, turn: n.turns, kind: deferred, node: number})
}

// clock is the present time as engines get it.
func (n *network) clock() time.Time { return epoch.Add(n.now) }

// role is the role of a server.
func (n *network) role(c identity.Contact) role { return n.shards[0].role(c) }

// node is the node of a contact; nil if it is down.
func (n *network) node(c identity.Contact) *node { return n.nodeIn(n.shard(c), c) }

// nodeIn is node, in the shard of the contact.
func (n *network) nodeIn(w *world, c identity.Contact) *node {
	nd := n.all[c-1]
	if nd == nil && n.lazy {
		nd = n.makeSettled(w, c)
	}
	if nd == nil || nd.engine == nil {
		return nil
	}
	return nd
}

// make gives the node of a contact a new engine.
func (n *network) make(w *world, c identity.Contact) *node {
	nd := n.all[c-1]
	if nd == nil {
		nd = &node{contact: c, client: int(c) > n.book.servers}
		if !nd.client {
			nd.role = w.role(c)
		}
		n.all[c-1] = nd
	}
	mode := engine.Server
	if nd.client {
		mode = engine.Client
	}
	nd.incarnation++
	nd.engine = w.newEngine(c, mode, rand.NewPCG(hash(n.cfg.Seed, forEngine, uint64(c), uint64(nd.incarnation)), 0))
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

// enlist adds a node to those that are up, delist removes it.
func (n *network) enlist(nd *node, at time.Duration) {
	n.addUpTime(at)
	nd.upIndex = uint32(len(n.up))
	n.up = append(n.up, nd)
}

func (n *network) delist(nd *node, at time.Duration) {
	n.addUpTime(at)
	last := n.up[len(n.up)-1]
	n.up[nd.upIndex], last.upIndex = last, nd.upIndex
	n.up = n.up[:len(n.up)-1]
}

// addUpTime adds up the time for which nodes were up.
func (n *network) addUpTime(now time.Duration) {
	if now > n.upUntil {
		n.upTime += float64(n.upCount() * (now - n.upUntil).Seconds())
	}
	n.upUntil = max(now, n.upUntil)
}

// upCount is the number of nodes that are up.
func (n *network) upCount() float64 {
	if n.lazy {
		return float64(len(n.all))
	}
	return float64(len(n.up))
}
