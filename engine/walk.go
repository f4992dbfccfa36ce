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

// A walk is one lookup under way: package lookup decides whom to ask, the walk
// asks.
type walk struct {
	e      *Engine
	owner  owner
	op     OpID     // 0: of the node's own
	asks   rpc.Type // FindNode, FindValue or GetProviders
	key    []byte
	target identity.Position
	lookup *lookup.Lookup

	// heard looks at an answer before the lookup does, and returns who gave what was
	// sought, if that was all; it may be nil.
	heard func(from identity.Contact, in *Inbound) (found identity.Contact)
	ended func(lookup.Reason) // called once

	// first is asked before all others, which wait for its answer until it overruns:
	// the peer that is sought, if it is a contact. 0: nobody.
	first identity.Contact
	alone bool // it is waited for

	met      []identity.Contact // who answered a first contact, which changes nothing at its receiver
	leftOut  bool               // contacts were not to be asked: locked out, or of no use
	refilled bool               // farther contacts of the table were asked for
	more     int                // requests that the lookup does not know of: second ones to a peer
	trace    []lookup.Event
	deadline time.Time
	over     bool
	pumping  bool
}

// newWalk makes a lookup; start begins it.
func (e *Engine) newWalk(op OpID, asks rpc.Type, key []byte, target identity.Position) *walk {
	return &walk{e: e, op: op, asks: asks, key: key, target: target}
}

// start begins the lookup with the nearest contacts of the table, and others.
func (w *walk) start(seeds ...identity.Contact) {
	e := w.e
	seeds = e.seeds(seeds, &w.target)
	w.leftOut = e.leftOut > 0
	cfg := lookup.Config{K: e.cfg.K, Alpha: e.cfg.Alpha, DisjointPaths: e.cfg.DisjointPaths}
	w.lookup = lookup.New(e.now, cfg, e.book, e.cfg.Position, w.target, seeds)
	w.lookup.Refill(w.farther)
	w.deadline = e.now.Add(LookupTimeout)
	w.owner = e.own(w, w.op)
	e.walks = append(e.walks, w)
	e.table.LookedUp(e.now, &w.target)
	e.stats.Lookups++
	w.pump()
}

// seeds are those given and the nearest contacts of the table, but for those that
// are locked out. If it knows nobody else it tries them. Scratch, good until the
// next query of the table.
func (e *Engine) seeds(given []identity.Contact, target *identity.Position) []identity.Contact {
	seeds := e.table.NearestAny(append(e.nearest[:0], given...), target, e.cfg.K)
	known := len(seeds)
	if near := seeds[len(given):]; len(given) > 0 || slices.ContainsFunc(near, e.mayAsk) {
		seeds = seeds[:len(given)+len(slices.DeleteFunc(near, e.lockedOut))]
	}
	e.leftOut = known - len(seeds)
	e.nearest = seeds
	return seeds
}

// refillK times k are the contacts of the table that a lookup turns to in the end.
const refillK = 4

// farther are contacts of the table beyond the seeds, and these; for a lookup that
// runs out of others. Scratch, as of seeds.
func (w *walk) farther() []identity.Contact {
	e := w.e
	w.refilled = true
	e.nearest = e.table.NearestAny(e.nearest[:0], &w.target, refillK*e.cfg.K)
	return slices.DeleteFunc(e.nearest, e.lockedOut)
}

// pump asks whoever is next, until alpha are in flight or the lookup is over.
func (w *walk) pump() {
	if w.over || w.pumping {
		return
	}
	w.pumping = true // a request that cannot begin fails within ask's caller
	for !w.alone {
		c, ok := w.lookup.Next(w.e.now)
		if !ok {
			break
		}
		w.alone = c == w.first
		if !w.ask(c, w.asks, 0) {
			w.alone = false
			w.lookup.Failed(w.e.now, c)
		}
	}
	w.pumping = false
	w.drain()
	if reason, done := w.lookup.Done(); done {
		w.end(reason)
	}
}

func (w *walk) ask(c identity.Contact, t rpc.Type, marks uint8) bool {
	m := w.e.newRequest(t)
	m.Target, m.Key, m.Families = w.target, w.key, w.e.cfg.Families
	w.e.nearest = w.lookup.Known(w.e.nearest[:0], rpc.MaxTags)
	for _, known := range w.e.nearest {
		m.Known = append(m.Known, rpc.Tag(m.ID, w.e.book.Position(known)))
	}
	return w.e.askMarked(w.owner, c, m, marks)
}

func (w *walk) answered(r *rpc.Request, in *Inbound) {
	w.alone = w.alone && r.To != w.first
	if record := in.Message.Record; record != nil && (w.asks != rpc.FindValue || in.Verdict != nil || !bytes.Equal(record.Key, w.key)) {
		w.e.stats.InvalidRecords++
		in.Message.Record = nil
	}
	if in.Observed.IsValid() {
		w.met = append(w.met, in.From)
	}
	var found identity.Contact
	if w.heard != nil && r.Message.Type == w.asks {
		found = w.heard(r.To, in)
	}
	// What a long record left no room for is asked for by itself.
	if found == 0 && in.Message.More && r.Message.Type != rpc.FindNode && w.ask(r.To, rpc.FindNode, 0) {
		w.more++
		return
	}
	named := w.e.sift(in.From, in.Message.Contacts)
	w.leftOut = w.leftOut || w.e.leftOut > 0
	if found != 0 {
		w.lookup.Satisfied(w.e.now, r.To, named, found)
	} else {
		w.lookup.Answered(w.e.now, r.To, named)
	}
	w.pump()
}

// failed gives a peer that has answered this node before a second chance: three
// datagrams in a row are more often lost than such a peer is gone. It stays set
// aside meanwhile.
func (w *walk) failed(r *rpc.Request) {
	w.alone = w.alone && r.To != w.first
	switch {
	case r.Message.Type == w.asks && r.Marks&secondChance == 0 && w.e.rtts.knows(r.To) && w.e.persistence.pays() && w.ask(r.To, w.asks, secondChance):
		w.more++
		w.pump() // others may have waited for it
		return
	case r.Message.Type == w.asks:
		w.lookup.Failed(w.e.now, r.To)
	default:
		w.lookup.Answered(w.e.now, r.To, nil) // it did answer, before
	}
	w.pump()
}

func (w *walk) overran(r *rpc.Request) {
	w.alone = w.alone && r.To != w.first
	w.lookup.SetAside(w.e.now, r.To)
	w.pump()
}

func (w *walk) contacts(keep func(identity.Contact)) { w.lookup.Each(keep) }

// stop ends the lookup early.
func (w *walk) stop(reason lookup.Reason) {
	if w.over {
		return
	}
	w.lookup.Stop(w.e.now, reason)
	w.drain()
	w.end(reason)
}

func (w *walk) end(reason lookup.Reason) {
	w.over = true
	if cpl, ok := w.covered(reason); ok {
		w.e.table.Covered(w.e.now, cpl)
	}
	w.e.disown(w.owner)
	if i := slices.Index(w.e.walks, w); i >= 0 {
		w.e.walks = slices.Delete(w.e.walks, i, i+1)
	}
	w.ended(reason)
}

// drain hands the lookup's new steps to the trace and to whoever watches.
func (w *walk) drain() {
	steps := w.lookup.Events()
	if w.op != 0 && len(w.trace) < maxTrace {
		w.trace = w.lookup.Trace()
	}
	for i := range steps {
		w.e.event(Event{Kind: LookupStep, Op: w.op, Step: &steps[i]})
	}
}

// result is what every lookup reports.
func (w *walk) result() *Result {
	r := &Result{Lookup: w.lookup.Stats(), Trace: w.trace}
	r.Lookup.RPCs += w.more
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

// expireWalks ends the lookups that have run out of time.
func (e *Engine) expireWalks() {
	for len(e.walks) > 0 && !e.now.Before(e.walks[0].deadline) {
		e.walks[0].stop(lookup.TimedOut)
	}
}
