package sim

import (
	"math/rand/v2"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/sim/attack"
	"kadmium/store"
)

// A world is a virtual clock, a queue of events and a modelled network between nodes: all
// nodes of an independent lookup, or one shard of a network. It is driven by one goroutine.
type world struct {
	cfg        *Config
	book       *book
	namespaces *store.Namespaces
	path       *path
	jitters    bool          // datagrams between two nodes do not all take the same time
	garbles    bool          // mute nodes answer with what cannot be decoded
	drips      time.Duration // that dripping nodes wait before an answer; 0: there are none
	wire       uint64        // what is random of datagrams is a hash of it
	exchange   *exchange     // between shards; nil: all nodes are of this world

	now         time.Duration    // since the start
	turns       uint64           // of events, without an exchange
	first       identity.Contact // the bootstrap node: honest, and up to the end; 0: none
	victim      identity.Contact // of an eclipse; 0: none
	guest       identity.Contact // the handle that one independent lookup after the other uses
	guestNumber uint32           // by which the latency of the guest's datagrams is computed
	queue       queue
	bootstrap   []identity.Address
	operations  map[engine.OpID]*operation   // outstanding
	notes       []note                       // of what has happened
	charges     []charge                     // with an exchange
	nodeOf      func(identity.Contact) *node // nil: it is down

	inbound       engine.Inbound // of the delivery in progress
	falseReply    rpc.Message    // of a node that lies
	older         *rpc.Record    // that stale nodes serve; nil: there are none
	answering     *datagram      // being delivered: a reply goes to its sender
	contacts      []identity.Contact
	effects       []engine.Effect
	scratch       engine.Scratch // of all engines of this world
	freeDatagrams []*datagram

	events, bytes uint64
	departed      tally // of engines whose nodes have left
	traffic
}

func newWorld(cfg *Config, b *book) *world {
	w := &world{cfg: cfg, book: b, namespaces: store.NewNamespaces("sim"), path: newPath(&cfg.Latency, cfg.Seed),
		jitters: cfg.Latency.kind == "world", wire: hash(cfg.Seed, forWire), operations: make(map[engine.OpID]*operation)}
	for i := range cfg.Attacks {
		a := &cfg.Attacks[i]
		w.garbles = w.garbles || a.Answer == attack.AnswerGarbled
		w.drips = max(w.drips, a.Delay)
	}
	return w
}

// A node is one engine and what the simulation keeps about it.
type node struct {
	contact  identity.Contact
	sent     uint32 // datagrams
	engine   *engine.Engine
	nextTick time.Duration // when it is to be ticked next; 0: never
	lastTick time.Duration // the last tick in the queue; 0: none
	wakeAt   time.Duration // before this a tick does nothing; never: not before something else happens
	repeats  uint32        // how often that tick was scheduled again
	idle     bool          // it only answers: its engine is never ticked
	client   bool          // behind a NAT: it receives responses only
	role     role
	ideal    *idealTable // of a table whose buckets are made when they are first read

	// Of a network in which nodes come and go.
	joined      time.Duration  // when its join ended; never: not yet
	incarnation uint32         // how often it has come up
	upIndex     uint32         // in network.up
	saved       []store.Change // while it is down: the contents of its data directory
	operations  []engine.OpID  // of the workload; some may have ended
}

// perform carries out the effects of an engine.
func (w *world) perform(n *node, effects []engine.Effect) {
	w.effects = effects
	for i := range effects {
		f := &effects[i]
		switch f.Kind {
		case engine.SendRequest:
			w.send(n, f.To, f.Message, w.operations[f.Op])
		case engine.SendReply:
			w.send(n, w.answering.from, w.outdate(n, f.Message), w.answering.operation)
		case engine.Finish:
			w.finish(n, f.Op, f.Result)
		case engine.ReportEvent:
			if f.Event.Kind == engine.Joined && f.Event.N > 0 {
				n.joined = min(n.joined, w.now)
			}
		}
	}
	if n.idle || n.engine == nil {
		return
	}
	n.wakeAt = never
	if at := n.engine.WakeAt(); !at.IsZero() {
		n.wakeAt = max(at.Sub(epoch), w.now)
		w.scheduleTick(n, n.wakeAt)
	}
}

// step takes the next event from the queue. It handles arrivals and ticks; the caller
// handles the other kinds.
func (w *world) step() event {
	e := w.queue.take()
	w.now = e.at
	w.events++
	switch e.kind {
	case arrival:
		w.arrive(e.datagram)
	case tick:
		if n := w.nodeOf(identity.Contact(e.node)); n != nil {
			w.tick(n)
		}
	}
	return e
}

// newEngine makes a node's engine. Every datagram is one of an established session, so
// keys are needed for nothing but the signatures of provider entries.
func (w *world) newEngine(c identity.Contact, mode engine.Mode, random rand.Source) *engine.Engine {
	cfg := engine.Config{
		Self:       w.book.id(c),
		Position:   *w.book.Position(c),
		Endpoint:   w.book.Address(c).Endpoint,
		Mode:       mode,
		Bootstrap:  w.bootstrap,
		K:          w.cfg.K,
		Alpha:      w.cfg.Alpha,
		Lookup:     w.cfg.rule,
		Table:      w.cfg.policy,
		Namespaces: w.namespaces,
		Scratch:    &w.scratch,
	}
	if w.cfg.lazy() && c != w.victim { // it has no table of which to tell
		owner := uint64(c)
		if c == w.guest {
			owner = uint64(w.guestNumber)
		}
		cfg.Size = w.cfg.sizeEstimate(owner)
	}
	if key, ok := w.book.keys[c]; ok {
		cfg.SignProvider = func(p *rpc.Provider) { store.SignProvider(key, w.namespaces.Network(), p) }
	}
	return engine.New(cfg, w.book, rand.New(random), w.clock())
}

// scheduleTick puts a tick of the node's engine into the queue, unless one is scheduled for
// that time or earlier. A tick that is too early schedules the next. That is mostly the one
// scheduled before the early one, the next refresh, so it is counted and not queued again.
func (w *world) scheduleTick(n *node, at time.Duration) {
	if n.nextTick != 0 && at >= n.nextTick {
		return
	}
	n.nextTick = at
	if at == n.lastTick && at > 0 {
		n.repeats++
		return
	}
	if at > n.lastTick {
		w.queueRepeats(n)
		n.lastTick = at
	}
	w.queueTick(n, at)
}

func (w *world) queueTick(n *node, at time.Duration) {
	w.queue.put(event{at: at, turn: w.turn(last, 0), kind: tick, node: uint32(n.contact)})
}

// queueRepeats puts the ticks into the queue that were only counted, before they are no
// longer the last.
func (w *world) queueRepeats(n *node) {
	for ; n.repeats > 0; n.repeats-- {
		w.queueTick(n, n.lastTick)
	}
	n.lastTick = 0
}

// tick ticks an engine. Most ticks were for requests that have been answered since: it only
// schedules the next.
func (w *world) tick(n *node) {
	if n.lastTick == w.now {
		w.events += uint64(n.repeats)
		n.lastTick, n.repeats = 0, 0
	}
	if n.nextTick != w.now {
		return // an earlier tick was scheduled after this one
	}
	n.nextTick = 0
	if n.wakeAt <= w.now {
		w.perform(n, n.engine.Tick(w.clock(), w.effects[:0]))
	} else if n.wakeAt != never {
		w.scheduleTick(n, n.wakeAt)
	}
}

// clock is the present time as engines get it.
func (w *world) clock() time.Time { return epoch.Add(w.now) }

// epoch is the time at which every run begins.
var epoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// An operation is a lookup, put, get or provide of the workload.
type operation struct {
	target   identity.Position
	started  time.Duration
	ended    time.Duration // never: not yet
	bytes    uint64        // of its datagrams, up to its end
	finished func(*operation, *engine.Result)
}

// finish notes that an operation has ended.
func (w *world) finish(n *node, op engine.OpID, r *engine.Result) {
	if o, ok := w.operations[op]; ok {
		delete(w.operations, op)
		o.ended = w.now
		w.note(n, note{operation: o, result: r})
	}
}
