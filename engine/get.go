package engine

import (
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
)

// A GetQuery asks for the record of a key.
type GetQuery struct {
	Key    []byte
	Quorum int  // number of netgroups whose nodes must give a valid record; 0: that of the namespace
	Fresh  bool // go on to the end of the lookup, however many gave one (design R6.39)
	Watch  bool // report each better record as Progress, and do not end early
	// NoStore: leave no copy, and repair nothing (design R6.5, R6.6).
	NoStore bool
}

// A get looks for a record: the best of a quorum, which may be one (Kademlia, section 2.3;
// design R6.5, R6.6, R6.39).
type get struct {
	e       *Engine
	op      OpID
	query   GetQuery
	quorum  int
	lookup  *activeLookup
	best    *rpc.Record
	from    identity.Contact
	answers int
	groups  []identity.NetGroup // of those that gave one, each once; the zero group is this node
	holders []holderRecord
}

// A holderRecord is the record that a node was found to hold.
type holderRecord struct {
	by     identity.Contact
	record *rpc.Record
}

// Get looks for the record of a key. It ends when nodes of as many netgroups as the quorum
// has have given a valid record, or with the lookup. Then it leaves a copy at the closest
// node that had none (design R6.5). Where a quorum was asked for, or Fresh, it repairs those
// of the k closest that had an older record or none instead (design R6.6).
func (e *Engine) Get(now time.Time, op OpID, q GetQuery, fx []Effect) []Effect {
	e.enter(now, fx)
	g := &get{e: e, op: op, query: q, quorum: q.Quorum}
	if g.quorum <= 0 {
		g.quorum = e.cfg.Namespaces.Quorum(q.Key)
	}
	g.lookup = e.newLookup(op, ForGet, rpc.FindValue, q.Key, identity.KeyPosition(q.Key))
	g.lookup.onAnswer = g.onAnswer
	g.lookup.onEnd = g.onEnd
	if !e.begin(op, g) {
		return e.leave()
	}
	if r, ok := e.store.Get(now, q.Key); ok {
		g.take(0, cloneRecord(r))
		if g.enough() {
			r := &Result{}
			g.describe(r)
			e.finish(op, r)
			return e.leave()
		}
	}
	g.lookup.start()
	return e.leave()
}

// Held is the result of a get that ends at once, as this node holds the record; nil if it
// does not. The record is the store's own.
func (e *Engine) Held(now time.Time, key []byte) *Result {
	record, ok := e.store.Get(now, key)
	if !ok {
		return nil
	}
	r := &Result{Record: record, Answers: 1, Expires: now.Add(record.TTL)}
	e.judgeAge(now, r)
	return r
}

func (g *get) enough() bool {
	return len(g.groups) >= g.quorum && !g.query.Watch && !g.query.Fresh
}

func (g *get) onAnswer(from identity.Contact, in *Inbound) (found identity.Contact) {
	r := in.Message.Record
	if r == nil {
		return 0
	}
	g.take(from, cloneRecord(r))
	if !g.enough() {
		return 0
	}
	if g.from == 0 { // this node's own record is the best; the answer completes the quorum
		return from
	}
	return g.from
}

func (g *get) contacts(keep func(identity.Contact)) {
	g.lookup.contacts(keep)
	keep(g.from)
}

// cancel ends the lookup. The Result has the best record so far.
func (g *get) cancel() *Result {
	r := g.lookup.cancel()
	g.describe(r)
	return r
}

func (g *get) describe(r *Result) {
	if g.best == nil {
		return
	}
	r.Record, r.From, r.Answers, r.Expires = g.best, g.from, g.answers, g.e.now.Add(g.best.TTL)
	g.e.judgeAge(g.e.now, r)
}

// take counts a valid record, and keeps it if it is the best so far.
func (g *get) take(from identity.Contact, r *rpc.Record) {
	g.e.saw(r)
	g.answers++
	var group identity.NetGroup
	if from != 0 {
		group = g.e.book.Address(from).NetGroup()
		g.holders = append(g.holders, holderRecord{from, r})
	}
	if !slices.Contains(g.groups, group) {
		g.groups = append(g.groups, group)
	}
	switch better := g.e.cfg.Namespaces.Better; {
	case g.best == nil || better(r, g.best) > 0:
		g.best, g.from = r, from
		if g.query.Watch {
			g.e.emit(Effect{Kind: Progress, Op: g.op, Result: &Result{Record: r, From: from, Stale: g.e.isStale(g.e.now, r), Answers: g.answers, Expires: g.e.now.Add(r.TTL)}})
		}
	case better(r, g.best) == 0:
		g.best.TTL = max(g.best.TTL, r.TTL) // the same record; a holder may have heard later from the publisher
	}
}

func (g *get) onEnd(reason lookup.Reason) {
	r := g.lookup.result()
	if g.best == nil {
		r.Err = g.lookup.notFound(reason)
		g.e.finish(g.op, r)
		return
	}
	g.describe(r)
	g.e.finish(g.op, r)
	if g.query.NoStore {
		return
	}
	answered := g.lookup.state.Closest(nil)
	if g.query.Quorum > 1 || g.query.Fresh || g.query.Watch {
		g.repair(answered)
	} else {
		g.cache(answered)
	}
}

// repair stores the best record at those of the k closest that answered with an older one
// or with none (design R6.6). A lookup that ended early has also heard nodes that are not
// among the k closest it knows.
func (g *get) repair(answered []identity.Contact) {
	closest := g.lookup.state.Known(nil, g.e.cfg.K)
	var stale []identity.Contact
	for _, c := range answered {
		if !slices.Contains(closest, c) {
			continue
		}
		if r := g.recordOf(c); r == nil || g.e.cfg.Namespaces.Better(g.best, r) > 0 {
			stale = append(stale, c)
		}
	}
	g.e.counters.Repairs += uint64(len(stale))
	g.e.copyRecord(stale, g.best)
}

// cache stores the record at the closest node that answered without it (Kademlia, section
// 2.3; design R6.5). The receiver shortens its lifetime (design R6.13).
func (g *get) cache(answered []identity.Contact) {
	for _, c := range answered {
		if g.recordOf(c) == nil {
			g.e.counters.Cachings++
			g.e.copyRecord([]identity.Contact{c}, g.best)
			return
		}
	}
}

func (g *get) recordOf(c identity.Contact) *rpc.Record {
	for _, h := range g.holders {
		if h.by == c {
			return h.record
		}
	}
	return nil
}
