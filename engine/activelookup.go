package engine

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
)

// LookupTimeout bounds the time of one lookup.
const LookupTimeout = 30 * time.Second

// An activeLookup is a running lookup (Kademlia, section 2.3; design R5.1). Package
// lookup decides whom to ask and when the lookup ends; activeLookup sends the requests
// and takes the answers.
type activeLookup struct {
	e      *Engine
	owner  owner
	op     OpID // 0: of the node's own
	what   Purpose
	asks   rpc.Type // FindNode, FindValue or GetProviders
	key    []byte
	target identity.Position
	state  *lookup.Lookup

	// onAnswer, if set, sees an answer before state does. If the search is over it
	// returns the contact that gave what was sought, and otherwise 0.
	onAnswer func(from identity.Contact, in *Inbound) (found identity.Contact)
	onEnd    func(lookup.Reason) // called once, at the end

	// sought is the contact of the peer that is looked for (design R5.11). It is asked before
	// all others, which are not asked until it has answered, failed or overrun. 0: there
	// is none.
	sought       identity.Contact
	awaitsSought bool // sought was asked, and others wait

	metByFirstContact []identity.Contact // those that answered a first contact (design R7.6)
	leftOut           bool               // some contacts could not be asked: locked out, or unusable
	refilled          bool               // it has turned to farther contacts of the routing table (design R5.10)
	extraRequests     int                // second requests to a peer, which state does not count
	trace             []lookup.Event
	deadline          time.Time
	pages             *providerPages // that are read after it; nil: none are
	over              bool
	pumping           bool
	again             *repeat // nil: it was not repeated
	path              *repeat // nil: it is no path of one
	number            int     // of the path, from 1
}

// newLookup makes a lookup; start begins it.
func (e *Engine) newLookup(op OpID, what Purpose, asks rpc.Type, key []byte, target identity.Position) *activeLookup {
	return &activeLookup{e: e, op: op, what: what, asks: asks, key: key, target: target}
}

// start begins the lookup with the given contacts and the nearest ones of the routing
// table.
func (l *activeLookup) start(seeds ...identity.Contact) {
	e := l.e
	size, unsure := e.networkSize(), e.unsureOfSize() // before the seeds, which are scratch memory
	near, leftOut := e.seeds(seeds, &l.target, e.cfg.K)
	l.leftOut = leftOut > 0
	cfg := l.config()
	cfg.Size, cfg.Unsure = size, unsure
	l.state = lookup.New(e.now, cfg, e.book, e.cfg.Position, l.target, near)
	if n := l.state.Seeds(); n > e.cfg.K {
		near, _ = e.seeds(seeds, &l.target, n)
		l.state.Seed(near)
	}
	l.state.Refill(l.farther)
	l.deadline = e.now.Add(LookupTimeout)
	l.owner = e.register(l, l.op)
	e.lookups = append(e.lookups, l)
	e.table.LookedUp(e.now, &l.target)
	e.counters.Lookups++
	l.pump()
}

// config is the lookup's Config, but for the network's size.
func (l *activeLookup) config() lookup.Config {
	e := l.e
	cfg := lookup.Config{K: e.cfg.K, Alpha: e.cfg.Alpha, DisjointPaths: e.cfg.DisjointPaths, Rule: e.cfg.Lookup,
		Search: l.asks != rpc.FindNode && l.what != ForPut, Holders: l.what.writes(), Searcher: (*asker)(e),
		Answering: float64(e.answering), PerSubnet: e.cfg.PerSubnet}
	if l.op != 0 && l.what != ForJoin {
		cfg.Late, cfg.Repeats = e.lateAfter(), e.retries.pays()
	}
	return cfg
}

// seeds returns the given contacts and the n nearest of the routing table, replacements
// included (design R5.2), except those that are locked out; leftOut is their number. If
// that would leave no contact at all, the ones locked out are returned too (design
// R4.14). The result is scratch memory, valid until the next query of the table.
func (e *Engine) seeds(given []identity.Contact, target *identity.Position, n int) (seeds []identity.Contact, leftOut int) {
	seeds = e.table.NearestAny(append(e.scratch().contacts[:0], given...), target, n)
	known := len(seeds)
	if near := seeds[len(given):]; len(given) > 0 || slices.ContainsFunc(near, e.mayAsk) {
		seeds = seeds[:len(given)+len(slices.DeleteFunc(near, e.lockedOut))]
	}
	e.scratch().contacts = seeds
	return seeds, known - len(seeds)
}

// refillK times k is the number of nearest contacts that a lookup turns to (design
// R5.10).
const refillK = 4

// farther returns more contacts of the routing table for a lookup that has nobody left to
// ask (design R5.10). The result is scratch memory, like that of seeds.
func (l *activeLookup) farther() []identity.Contact {
	e := l.e
	l.refilled = true
	e.scratch().contacts = e.table.NearestAny(e.scratch().contacts[:0], &l.target, refillK*e.cfg.K)
	return slices.DeleteFunc(e.scratch().contacts, e.lockedOut)
}

// pump asks the next contacts until alpha requests are in flight, and ends the lookup if
// it is done.
func (l *activeLookup) pump() {
	if l.over || l.pumping || l.again != nil {
		return
	}
	l.pumping = true // a request that cannot begin leads back here
	for !l.awaitsSought {
		c, ok := l.state.Next(l.e.now)
		if !ok {
			break
		}
		l.awaitsSought = c == l.sought && l.sought != 0
		if l.path != nil && !l.path.takes(c) {
			l.state.Skip(l.e.now, c)
			continue
		}
		if !l.ask(c, l.asks, 0) {
			l.awaitsSought = false
			l.state.Failed(l.e.now, c)
		}
	}
	l.pumping = false
	l.reportSteps()
	if reason, done := l.state.Done(); done {
		l.end(reason)
	}
}

func (l *activeLookup) ask(c identity.Contact, t rpc.Type, marks uint8) bool {
	m := l.e.newRequest(t)
	m.Target, m.Key, m.Families = l.target, l.key, l.e.cfg.Families
	l.e.scratch().contacts = l.state.Known(l.e.scratch().contacts[:0], rpc.MaxTags)
	for _, known := range l.e.scratch().contacts {
		m.Known = append(m.Known, rpc.Tag(m.ID, l.e.book.Position(known)))
	}
	return l.e.askMarked(l.owner, c, m, marks)
}

func (l *activeLookup) answered(r *rpc.Request, in *Inbound) {
	l.awaitsSought = l.awaitsSought && r.To != l.sought
	if record := in.Message.Record; record != nil && (l.asks != rpc.FindValue || in.Invalid != nil || !bytes.Equal(record.Key, l.key)) {
		l.e.counters.seldom().InvalidRecords++
		in.Message.Record = nil
	}
	if in.Observed.IsValid() { // only a first response says where it saw this node
		l.metByFirstContact = append(l.metByFirstContact, in.From)
	}
	var found identity.Contact
	if l.onAnswer != nil && r.Message.Type == l.asks {
		found = l.onAnswer(r.To, in)
	}
	// The contacts that a long record left no room for are asked for separately (design
	// R5.12).
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

// failed sends a second request to a peer that has answered this node before (design
// R5.9). The peer stays set aside until that is answered.
func (l *activeLookup) failed(r *rpc.Request) {
	l.awaitsSought = l.awaitsSought && r.To != l.sought
	switch {
	case r.Message.Type == l.asks && r.Marks&secondChance == 0 && l.e.rtts.knows(r.To) && l.e.retries.pays() && l.ask(r.To, l.asks, secondChance):
		l.extraRequests++
		l.pump() // contacts that waited for the one sought
		return
	case r.Message.Type == l.asks:
		l.state.Failed(l.e.now, r.To)
	default:
		l.state.Answered(l.e.now, r.To, nil) // it has answered an earlier request of this lookup
	}
	l.pump()
}

// overran sets a peer aside whose answer is late (design R5.4).
func (l *activeLookup) overran(r *rpc.Request) {
	l.awaitsSought = l.awaitsSought && r.To != l.sought
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
	l.reportSteps()
	l.end(reason)
}

// cancel ends the lookup as an operation. onEnd is not called.
func (l *activeLookup) cancel() *Result {
	l.onEnd = func(lookup.Reason) {}
	l.stop(lookup.Cancelled)
	return l.result()
}

func (l *activeLookup) end(reason lookup.Reason) {
	if l.repeats(reason) {
		return
	}
	l.over = true
	if n := l.state.Overrun(); n > 0 {
		l.e.counters.seldom().Overrun += uint64(n)
	}
	l.again.merge()
	if l.path != nil {
		l.e.unregister(l.owner)
		l.onEnd(reason)
		return
	}
	if cpl, ok := l.covered(reason); ok {
		l.e.table.Covered(l.e.now, cpl)
	}
	l.judge()
	l.e.unregister(l.owner)
	l.forget()
	l.onEnd(reason)
}

// readsPages gives a lookup that has ended LookupTimeout again, for the pages that are read
// then (design R6.31).
func (l *activeLookup) readsPages(p *providerPages) {
	l.pages, l.deadline = p, l.e.now.Add(LookupTimeout)
	l.e.lookups = append(l.e.lookups, l)
}

// forget drops the lookup's deadline.
func (l *activeLookup) forget() {
	if i := slices.Index(l.e.lookups, l); i >= 0 {
		l.e.lookups = slices.Delete(l.e.lookups, i, i+1)
	}
}

// maxTrace bounds the steps that are kept of one lookup (design R8.29).
const maxTrace = 2048

// reportSteps reports the new steps of the lookup as events and keeps them for the trace.
func (l *activeLookup) reportSteps() {
	steps := l.state.Events()
	if l.op != 0 && len(l.trace) < maxTrace {
		l.trace = l.state.Trace()
	}
	began := l.state.Stats().Started
	for i := range steps {
		if l.path != nil {
			steps[i].Path = l.number
		}
		l.e.event(Event{Kind: LookupStep, Purpose: l.what, Op: l.op, Began: began, Step: &steps[i], N: l.requests()})
	}
}

// traceRepeat adds the steps of a repeat to the trace, before its end.
func (l *activeLookup) traceRepeat(steps []lookup.Event) {
	if len(l.trace) == 0 || len(l.trace) >= maxTrace {
		return
	}
	before, end := l.trace[:len(l.trace)-1], l.trace[len(l.trace)-1]
	slices.SortStableFunc(steps, func(a, b lookup.Event) int { return a.At.Compare(b.At) })
	stats := l.state.Stats()
	end.At, end.Elapsed, end.Hop, end.Round = l.e.now, l.e.now.Sub(stats.Started), stats.Hops, stats.Rounds
	l.trace = append(slices.Concat(before, steps[:min(len(steps), maxTrace)]), end)
}

// result is a Result with what every lookup reports.
func (l *activeLookup) result() *Result {
	r := &Result{Lookup: l.state.Stats(), Trace: l.trace, Density: l.state.Density()}
	r.Lookup.RPCs = l.requests()
	return r
}

// requests is the number of requests so far.
func (l *activeLookup) requests() int { return l.state.Stats().RPCs + l.extraRequests }

// failure is the error of a lookup that no peer answered.
func failure(reason lookup.Reason) error {
	switch reason {
	case lookup.NoContacts:
		return ErrNoPeers
	case lookup.TimedOut:
		return ErrTimeout
	}
	return ErrNoAnswer
}

// notFound is the error of a lookup that ended without what was sought. Where nobody has
// answered it says that, and not that there is nothing.
func (l *activeLookup) notFound(reason lookup.Reason) error {
	nobody := l.state.Stats().Answered == 0
	switch {
	case reason == lookup.TimedOut && nobody:
		return fmt.Errorf("%w: %w", ErrNoAnswer, ErrTimeout)
	case reason == lookup.NoContacts, reason == lookup.TimedOut, nobody:
		return failure(reason)
	}
	return ErrNotFound
}

// expireLookups ends the lookups whose deadline has passed.
func (e *Engine) expireLookups() {
	for len(e.lookups) > 0 && !e.now.Before(e.lookups[0].deadline) {
		if l := e.lookups[0]; l.pages != nil {
			l.pages.expire()
		} else {
			l.stop(lookup.TimedOut)
		}
	}
}
