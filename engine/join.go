package engine

import (
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
)

// maxSaved bounds how many contacts of an earlier run are pinged at a join.
const maxSaved = 20

// maxBootstrap bounds the bootstrap list as peers named later join it.
const maxBootstrap = 64

// A join makes this node part of the network: ping those who are known, look
// oneself up, refresh all farther buckets (Kademlia, section 2.3).
type join struct {
	e           *Engine
	owner       owner
	op          OpID
	asked       int                       // peers pinged
	waiting     int                       // of which neither answered nor failed yet
	responders  []identity.Contact        // who answered
	fromCaller  map[identity.Contact]bool // those pinged: whether the caller named them
	lookups     []*activeLookup           // lookups under way
	farther     []int                     // buckets still to be filled
	fills       []*fill                   // buckets being filled
	introducing bool                      // neighbours are still to be told of this node
	result      *Result
	over        bool
}

// Join joins through the addresses given, those of the Config, and those of an
// earlier run. It finishes with ErrNoAnswer if none of them answered, and with no
// error where there are none: a network begins with one node.
func (e *Engine) Join(now time.Time, op OpID, addresses []identity.Address, fx []Effect) []Effect {
	e.enter(now, fx)
	e.join(op, addresses)
	return e.leave()
}

func (e *Engine) join(op OpID, addresses []identity.Address) {
	j := &join{e: e, op: op, fromCaller: make(map[identity.Contact]bool), result: new(Result)}
	if !e.begin(op, j) {
		return
	}
	j.owner = e.register(j, op)
	e.joining++
	e.stats.Joins++
	all := append(append(addresses[:len(addresses):len(addresses)], e.cfg.Bootstrap...), e.store.Table()...)
	saved := all[len(all)-e.Saved():]
	e.rnd.Shuffle(len(saved), func(i, j int) { saved[i], saved[j] = saved[j], saved[i] })
	for i, a := range all[:min(len(all), len(addresses)+len(e.cfg.Bootstrap)+maxSaved)] {
		if a.ID == e.cfg.Self || contains(all[:i], a) {
			continue
		}
		c := e.book.Intern(a)
		if e.ask(j.owner, c, e.newRequest(rpc.Ping)) {
			j.asked++
			j.fromCaller[c] = i < len(addresses)
		}
	}
	if j.waiting = j.asked; j.waiting == 0 {
		j.end()
	}
}

func contains(list []identity.Address, a identity.Address) bool {
	for _, b := range list {
		if a == b {
			return true
		}
	}
	return false
}

func (j *join) answered(r *rpc.Request, in *Inbound) {
	e := j.e
	j.responders = append(j.responders, in.From)
	// Whoever was there at the user's word is worth trying again when alone.
	if a := e.book.Address(in.From); len(e.cfg.Bootstrap) < maxBootstrap && j.fromCaller[r.To] && !contains(e.cfg.Bootstrap, a) {
		e.cfg.Bootstrap = append(slices.Clip(e.cfg.Bootstrap), a)
	}
	j.settle()
	if len(j.responders) == 1 {
		j.lookUpSelf() // one way in is enough to begin
	}
}

func (j *join) failed(*rpc.Request) { j.settle() }

func (j *join) overran(*rpc.Request) {}

func (j *join) contacts(keep func(identity.Contact)) {
	for _, c := range j.responders {
		keep(c)
	}
	for _, step := range j.result.Trace { // of a lookup that is over
		keep(step.Contact)
		keep(step.NamedBy)
	}
}

func (j *join) settle() {
	if j.waiting--; j.waiting == 0 && len(j.responders) == 0 {
		j.result.Err = ErrNoAnswer
		j.end()
	}
}

func (j *join) lookUpSelf() {
	j.look(j.e.cfg.Position, func(l *activeLookup, reason lookup.Reason) {
		j.result.Lookup, j.result.Trace = l.state.Stats(), l.trace
		if j.e.cfg.Mode != Client { // a client only needs a way in
			known, ok := l.covered(reason)
			for cpl := range j.e.table.Farther() {
				if !ok || cpl <= known {
					j.farther = append(j.farther, cpl)
				}
			}
			j.introducing = true
			j.e.introduce(j.op, l, func(*spread) {
				j.introducing = false
				j.endIfOver()
			})
		}
		j.refresh()
	})
}

// introduce has the neighbours that a lookup of this node found know it: the first
// contact that a lookup begins with leaves no trace (design, section 3, rule 1), a PING
// under the session does.
func (e *Engine) introduce(op OpID, l *activeLookup, ended func(*spread)) {
	var neighbours []identity.Contact
	for _, c := range l.state.Closest(nil) {
		if slices.Contains(l.firstContacts, c) {
			neighbours = append(neighbours, c)
		}
	}
	ping := func(identity.Contact) *rpc.Message { return e.newRequest(rpc.Ping) }
	e.spread(op, neighbours, ping, ended)
}

// refresh keeps up to maxUpkeep farther buckets being filled.
func (j *join) refresh() {
	for len(j.farther) > 0 && len(j.fills) < maxUpkeep && !j.over {
		cpl := j.farther[0]
		j.farther = j.farther[1:]
		f := j.e.newFill(j.op, cpl, func(f *fill) {
			j.fills = slices.DeleteFunc(j.fills, func(other *fill) bool { return other == f })
			j.refresh()
		})
		j.fills = append(j.fills, f)
		f.start()
	}
	j.endIfOver()
}

// endIfOver ends the join when all buckets are filled and the neighbours have heard.
func (j *join) endIfOver() {
	if len(j.farther) == 0 && len(j.fills) == 0 && !j.introducing && !j.over {
		j.end()
	}
}

// look runs one lookup of the join.
func (j *join) look(target identity.Position, ended func(*activeLookup, lookup.Reason)) {
	l := j.e.newLookup(j.op, rpc.FindNode, nil, target)
	l.onEnd = func(reason lookup.Reason) {
		j.lookups = slices.DeleteFunc(j.lookups, func(other *activeLookup) bool { return other == l })
		if !j.over {
			ended(l, reason)
		}
	}
	j.lookups = append(j.lookups, l)
	l.start(j.responders...)
}

func (j *join) cancel() *Result {
	j.over = true
	j.close()
	r := j.result
	for _, l := range slices.Clone(j.lookups) {
		r = l.cancel()
	}
	for _, f := range j.fills {
		f.stop()
	}
	return r
}

func (j *join) end() {
	j.over = true
	j.close()
	j.e.event(Event{Kind: Joined, N: j.e.table.Len()})
	j.e.finish(j.op, j.result)
}

func (j *join) close() {
	j.e.joining--
	j.e.unregister(j.owner)
}

// randomIn is a random position of a bucket's range.
func (e *Engine) randomIn(cpl int) identity.Position {
	var random [32]byte
	for i := 0; i < len(random); i += 8 {
		n := e.rnd.Uint64()
		for j := range 8 {
			random[i+j] = byte(n >> (8 * j))
		}
	}
	return identity.RandomInRange(&e.cfg.Position, cpl, random)
}

// aloneAfter is how long nobody answers until a node tries its bootstrap list
// again. Silence empties no table, so an empty one is not the only sign.
const aloneAfter = time.Minute

// aloneSince is when the node is or was alone: its table is empty, or nobody
// answers. Zero: it is in company.
func (e *Engine) aloneSince() time.Time {
	if e.table.Len() == 0 {
		return overdue
	}
	if since := e.outage.silentSince(); !since.IsZero() {
		return since.Add(aloneAfter)
	}
	return time.Time{}
}

// Alone reports whether the node knows nobody, or nobody has answered it for a
// while.
func (e *Engine) Alone(now time.Time) bool {
	at := e.aloneSince()
	return !at.IsZero() && !at.After(now)
}

// wantsToJoin is when the bootstrap list is worth trying again.
func (e *Engine) wantsToJoin() time.Time {
	if e.joining > 0 || e.stats.Joins == 0 || len(e.cfg.Bootstrap)+e.Saved() == 0 {
		return time.Time{}
	}
	return e.aloneSince()
}

func (e *Engine) rejoin() { e.join(0, nil) }

// refresh sees to a bucket in whose range nothing was looked up for an hour
// (Kademlia, section 2.3).
func (e *Engine) refresh() {
	cpl, ok := e.table.RefreshDue(e.now)
	if !ok {
		return
	}
	if cpl >= e.table.Subtree(e.cfg.K) { // the neighbourhood, of which all are wanted
		e.maintain(rpc.FindNode, nil, e.randomIn(cpl), func(*activeLookup) {})
		return
	}
	e.upkeep++
	e.newFill(0, cpl, func(*fill) { e.upkeep-- }).start()
}

// maintain runs a lookup of the node's own; at most maxUpkeep run at once.
func (e *Engine) maintain(asks rpc.Type, key []byte, target identity.Position, ended func(*activeLookup)) {
	e.upkeep++
	l := e.newLookup(0, asks, key, target)
	l.onEnd = func(lookup.Reason) {
		e.upkeep--
		ended(l)
	}
	l.start()
}
