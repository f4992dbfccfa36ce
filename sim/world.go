package sim

import (
	"math/rand/v2"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
	"kadmium/sim/report"
	"kadmium/store"
)

// A world is a virtual clock, a queue of events, and a network between nodes. One
// goroutine drives it.
type world struct {
	cfg        *Config
	book       *book
	namespaces *store.Namespaces
	path       *path
	jitters    bool      // a datagram's time depends on more than its ends
	random     *rand.PCG // of datagrams

	now       time.Duration    // since the start
	first     identity.Contact // the node that others join by: honest, and there to the end; 0: none
	guest     identity.Contact // a searcher whose handle is used again and again
	as        uint32           // the number that it counts as on the way
	queue     queue
	bootstrap []identity.Address
	calls     map[engine.OpID]*call        // under way
	nodes     func(identity.Contact) *node // nil: it is not there

	inbound   engine.Inbound // of the delivery in progress
	falsehood rpc.Message    // being told by a liar
	answering *datagram      // whose request is being answered
	contacts  []identity.Contact
	effects   []engine.Effect
	spare     []*datagram

	events, bytes uint64
	traffic
}

func newWorld(cfg *Config, b *book) *world {
	return &world{cfg: cfg, book: b, namespaces: store.NewNamespaces("sim"), path: newPath(&cfg.Latency, cfg.Seed),
		jitters: cfg.Latency.kind == "world", random: source(cfg.Seed, forWire), calls: make(map[engine.OpID]*call)}
}

// A node is one engine and what its driver keeps about it.
type node struct {
	contact identity.Contact
	engine  *engine.Engine
	ticks   time.Duration // the earliest tick that is queued; 0: none
	ideal   *filling      // of a table that is filled as it is looked at
	idle    bool          // it only answers: nothing falls due while a lookup lasts
	client  bool          // it is behind a NAT: it hears answers alone
	role    role

	// Of a network in which nodes come and go.
	joined time.Duration // when it had joined; never: not yet
	life   uint64        // how often it has come up
	place  int           // among those that are up
	kept   []store.Op    // while it is down: what its data directory has
	calls  []engine.OpID // of the workload, perhaps over
}

// A role is what a node that serves is like.
type role uint8

const (
	honest role = iota
	silent      // hears answers alone
	lying       // see lie
)

// role is a server's role, a function of the seed.
func (w *world) role(n identity.Contact) role {
	c := w.cfg
	if c.Silent+c.Lying == 0 || n == w.first {
		return honest
	}
	switch share := unit(hash(c.Seed, forRole, uint64(n))) * (1 - c.Client); {
	case share < c.Silent:
		return silent
	case share < c.Silent+c.Lying:
		return lying
	}
	return honest
}

// hears reports whether a message gets through to the node.
func (n *node) hears(m *rpc.Message) bool { return m.Response || n.role != silent && !n.client }

// A call is an operation of the workload.
type call struct {
	target  identity.Position
	started time.Duration
	bytes   uint64
	// Neither may call an engine: what follows is an event.
	then func(*engine.Result)
	gone func() // the node left before its end
}

// carry does what an engine wants done.
func (w *world) carry(n *node, effects []engine.Effect) {
	w.effects = effects
	for i := range effects {
		f := &effects[i]
		switch f.Kind {
		case engine.SendRequest:
			w.send(n.contact, f.To, f.Message, w.calls[f.Op])
		case engine.SendReply:
			w.send(n.contact, w.answering.from, f.Message, w.answering.call)
		case engine.Finish:
			w.finish(f.Op, f.Result)
		case engine.Emit:
			if f.Event.Kind == engine.Joined && f.Event.N > 0 {
				n.joined = min(n.joined, w.now)
			}
		}
	}
	if n.idle || n.engine == nil {
		return
	}
	if at := n.engine.WakeAt(); !at.IsZero() {
		w.wake(n, max(at.Sub(epoch), w.now))
	}
}

// step does what comes next. What the world itself knows nothing of is for the
// caller.
func (w *world) step() event {
	e := w.queue.take()
	w.now = e.at
	w.events++
	switch e.kind {
	case arrival:
		w.arrive(e.datagram)
	case tick:
		if n := w.nodes(identity.Contact(e.node)); n != nil {
			w.tick(n)
		}
	}
	return e
}

// newEngine is a node's engine. In a session everything is signed or sealed already,
// so only what providers say of themselves needs a key.
func (w *world) newEngine(c identity.Contact, mode engine.Mode, random rand.Source) *engine.Engine {
	cfg := engine.Config{
		Self:       w.book.id(c),
		Position:   *w.book.Position(c),
		Endpoint:   w.book.Address(c).Endpoint,
		Mode:       mode,
		Bootstrap:  w.bootstrap,
		K:          w.cfg.K,
		Alpha:      w.cfg.Alpha,
		Namespaces: w.namespaces,
	}
	if key, ok := w.book.owners[c]; ok {
		cfg.SignProvider = func(p *rpc.Provider) { store.SignProvider(key, w.namespaces.Network(), p) }
	}
	return engine.New(cfg, w.book, rand.New(random), w.clock())
}

// wake has the node's engine ticked at a time, or before: a tick that comes too
// early is put off when it comes.
func (w *world) wake(n *node, at time.Duration) {
	if n.ticks == 0 || at < n.ticks {
		n.ticks = at
		w.queue.put(event{at: at, kind: tick, node: uint32(n.contact)})
	}
}

// tick calls an engine if it is due.
func (w *world) tick(n *node) {
	if n.ticks != w.now {
		return // another came before
	}
	n.ticks = 0
	w.carry(n, n.engine.Tick(w.clock(), w.effects[:0]))
}

func (w *world) finish(op engine.OpID, r *engine.Result) {
	if c, ok := w.calls[op]; ok {
		delete(w.calls, op)
		c.then(r)
	}
}

// steps are a lookup's events as reports take them.
func steps(start time.Time, trace []lookup.Event) []report.Step {
	all := make([]report.Step, len(trace))
	for i, e := range trace {
		all[i] = report.Step{At: e.At.Sub(start), Kind: e.Kind, Peer: uint32(e.Contact), NamedBy: uint32(e.NamedBy),
			Hop: e.Hop, Round: e.Round, Distance: e.Distance}
	}
	return all
}
