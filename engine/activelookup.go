package engine

import (
	"bytes"
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
)

// LookupTimeout bounds one lookup, whoever is silent.
const LookupTimeout = 30 * time.Second

// An activeLookup is one lookup under way: package lookup decides whom to ask, this
// asks.
type activeLookup struct {
	e      *Engine
	owner  owner
	op     OpID     // 0: of the node's own
	asks   rpc.Type // FindNode, FindValue or GetProviders
	key    []byte
	target identity.Position
	state  *lookup.Lookup

	// heard looks at an answer before the lookup does, and returns who gave what was
	// sought, if that was all; it may be nil.
	onAnswer func(from identity.Contact, in *Inbound) (found identity.Contact)
	onEnd    func(lookup.Reason) // called once

	// first is asked before all others, which wait for its answer until it overruns:
	// the peer that is sought, if it is a contact. 0: nobody.
	first       identity.Contact
	awaitsFirst bool // it is waited for

	firstContacts []identity.Contact // who answered a first contact, which changes nothing at its receiver
	leftOut       bool               // contacts were not to be asked: locked out, or of no use
	refilled      bool               // farther contacts of the table were asked for
	extraRequests int                // requests that the lookup does not know of: second ones to a peer
	trace         []lookup.Event
	deadline      time.Time
	over          bool
	pumping       bool
}

// newWalk makes a lookup; start begins it.
func (e *Engine) newLookup(op OpID, asks rpc.Type, key []byte, target identity.Position) *activeLookup {
	return &activeLookup{e: e, op: op, asks: asks, key: key, target: target}
}

// start begins the lookup with the nearest contacts of the table, and others.
func (l *activeLookup) start(seeds ...identity.Contact) {
	e := l.e
	seeds, leftOut := e.seeds(seeds, &l.target)
	l.leftOut = leftOut > 0
	cfg := lookup.Config{K: e.cfg.K, Alpha: e.cfg.Alpha, DisjointPaths: e.cfg.DisjointPaths}
	l.state = lookup.New(e.now, cfg, e.book, e.cfg.Position, l.target, seeds)
	l.state.Refill(l.farther)
	l.deadline = e.now.Add(LookupTimeout)
	l.owner = e.register(l, l.op)
	e.lookups = append(e.lookups, l)
	e.table.LookedUp(e.now, &l.target)
	e.counters.Lookups++
	l.pump()
}

// seeds are those given and the nearest contacts of the table, but for those that
// are locked out. If it knows nobody else it tries them. Scratch, good until the
// next query of the table.
func (e *Engine) seeds(given []identity.Contact, target *identity.Position) (seeds []identity.Contact, leftOut int) {
	seeds = e.table.NearestAny(append(e.scratch[:0], given...), target, e.cfg.K)
	known := len(seeds)
	if near := seeds[len(given):]; len(given) > 0 || slices.ContainsFunc(near, e.mayAsk) {
		seeds = seeds[:len(given)+len(slices.DeleteFunc(near, e.lockedOut))]
	}
	e.scratch = seeds
	return seeds, known - len(seeds)
}

// refillK times k are the contacts of the table that a lookup turns to in the end.
const refillK = 4

// farther are contacts of the table beyond the seeds, and these; for a lookup that
// runs out of others. Scratch, as of seeds.
func (l *activeLookup) farther() []identity.Contact {
	e := l.e
	l.refilled = true
	e.scratch = e.table.NearestAny(e.scratch[:0], &l.target, refillK*e.cfg.K)
	return slices.DeleteFunc(e.scratch, e.lockedOut)
}

// pump asks whoever is next, until alpha are in flight or the lookup is over.
func (l *activeLookup) pump() {
	if l.over || l.pumping {
		return
	}
	l.pumping = true // a request that cannot begin fails within ask's caller
	for !l.awaitsFirst {
		c, ok := l.state.Next(l.e.now)
		if !ok {
			break
		}
		l.awaitsFirst = c == l.first
		if !l.ask(c, l.asks, 0) {
			l.awaitsFirst = false
			l.state.Failed(l.e.now, c)
		}
	}
	l.pumping = false
	l.drain()
	if reason, done := l.state.Done(); done {
		l.end(reason)
	}
}

func (l *activeLookup) ask(c identity.Contact, t rpc.Type, marks uint8) bool {
	m := l.e.newRequest(t)
	m.Target, m.Key, m.Families = l.target, l.key, l.e.cfg.Families
	l.e.scratch = l.state.Known(l.e.scratch[:0], rpc.MaxTags)
	for _, known := range l.e.scratch {
		m.Known = append(m.Known, rpc.Tag(m.ID, l.e.book.Position(known)))
	}
	return l.e.askMarked(l.owner, c, m, marks)
}

func (l *activeLookup) answered(r *rpc.Request, in *Inbound) {
	l.awaitsFirst = l.awaitsFirst && r.To != l.first
	if record := in.Message.Record; record != nil && (l.asks != rpc.FindValue || in.Verdict != nil || !bytes.Equal(record.Key, l.key)) {
		l.e.counters.InvalidRecords++
		in.Message.Record = nil
	}
	if in.Observed.IsValid() {
		l.firstContacts = append(l.firstContacts, in.From)
	}
	var found identity.Contact
	if l.onAnswer != nil && r.Message.Type == l.asks {
		found = l.onAnswer(r.To, in)
	}
	// What a long record left no room for is asked for by itself.
	if found == 0 && in.Message.More && r.Message.Type != rpc.FindNode && l.ask(r.To, rpc.FindNode, 0) {
		l.extraRequests++
		return
	}
	named, leftOut := l.e.sift(in.From, in.Message.Contacts)
	l.leftOut = l.leftOut || leftOut > 0
	if found != 0 {
		l.state.Satisfied(l.e.now, r.To, named, found)
	} else {
		l.state.Answered(l.e.now, r.To, named)
	}
	l.pump()
}

// failed gives a peer that has answered this node before a second chance: three
// datagrams in a row are more often lost than such a peer is gone. It stays set
// aside meanwhile.
func (l *activeLookup) failed(r *rpc.Request) {
	l.awaitsFirst = l.awaitsFirst && r.To != l.first
	switch {
	case r.Message.Type == l.asks && r.Marks&secondChance == 0 && l.e.rtts.knows(r.To) && l.e.retries.pays() && l.ask(r.To, l.asks, secondChance):
		l.extraRequests++
		l.pump() // others may have waited for it
		return
	case r.Message.Type == l.asks:
		l.state.Failed(l.e.now, r.To)
	default:
		l.state.Answered(l.e.now, r.To, nil) // it did answer, before
	}
	l.pump()
}

func (l *activeLookup) overran(r *rpc.Request) {
	l.awaitsFirst = l.awaitsFirst && r.To != l.first
	l.state.SetAside(l.e.now, r.To)
	l.pump()
}

func (l *activeLookup) contacts(keep func(identity.Contact)) { l.state.Each(keep) }

// stop ends the lookup early.
func (l *activeLookup) stop(reason lookup.Reason) {
	if l.over {
		return
	}
	l.state.Stop(l.e.now, reason)
	l.drain()
	l.end(reason)
}

// cancel makes a lookup an operation: its end is then no longer reported.
func (l *activeLookup) cancel() *Result {
	l.onEnd = func(lookup.Reason) {}
	l.stop(lookup.Cancelled)
	return l.result()
}

func (l *activeLookup) end(reason lookup.Reason) {
	l.over = true
	if cpl, ok := l.covered(reason); ok {
		l.e.table.Covered(l.e.now, cpl)
	}
	l.e.unregister(l.owner)
	if i := slices.Index(l.e.lookups, l); i >= 0 {
		l.e.lookups = slices.Delete(l.e.lookups, i, i+1)
	}
	l.onEnd(reason)
}

// maxTrace bounds the steps kept of one lookup.
const maxTrace = 2048

// drain hands the lookup's new steps to the trace and to whoever watches.
func (l *activeLookup) drain() {
	steps := l.state.Events()
	if l.op != 0 && len(l.trace) < maxTrace {
		l.trace = l.state.Trace()
	}
	for i := range steps {
		l.e.event(Event{Kind: LookupStep, Op: l.op, Step: &steps[i]})
	}
}

// result is what every lookup reports.
func (l *activeLookup) result() *Result {
	r := &Result{Lookup: l.state.Stats(), Trace: l.trace}
	r.Lookup.RPCs += l.extraRequests
	return r
}

// failure is the error of a lookup that found nobody.
func failure(reason lookup.Reason) error {
	switch reason {
	case lookup.NoContacts:
		return ErrNoPeers
	case lookup.TimedOut:
		return ErrTimeout
	}
	return ErrNoAnswer
}

// notFound is the error of a lookup that ended without what was sought.
func notFound(reason lookup.Reason) error {
	if reason == lookup.NoContacts || reason == lookup.TimedOut {
		return failure(reason)
	}
	return ErrNotFound
}

// expireLookups ends the lookups that have run out of time.
func (e *Engine) expireLookups() {
	for len(e.lookups) > 0 && !e.now.Before(e.lookups[0].deadline) {
		e.lookups[0].stop(lookup.TimedOut)
	}
}
