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
	e         *Engine
	owner     owner
	op        OpID
	asked     int                       // peers pinged
	waiting   int                       // of which neither answered nor failed yet
	there     []identity.Contact        // who answered
	given     map[identity.Contact]bool // those pinged: whether the caller named them
	walks     []*walk                   // lookups under way
	farther   []int                     // buckets still to be filled
	fills     []*fill                   // buckets being filled
	strangers bool                      // neighbours are still to be told of this node
	result    *Result
	over      bool
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
	j := &join{e: e, op: op, given: make(map[identity.Contact]bool), result: new(Result)}
	if !e.begin(op, j) {
		return
	}
	j.owner = e.own(j, op)
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
			j.given[c] = i < len(addresses)
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
	j.there = append(j.there, in.From)
	// Whoever was there at the user's word is worth trying again when alone.
	if a := e.book.Address(in.From); len(e.cfg.Bootstrap) < maxBootstrap && j.given[r.To] && !contains(e.cfg.Bootstrap, a) {
		e.cfg.Bootstrap = append(slices.Clip(e.cfg.Bootstrap), a)
	}
	j.one()
	if len(j.there) == 1 {
		j.lookUpSelf() // one way in is enough to begin
	}
}

func (j *join) failed(*rpc.Request) { j.one() }

func (j *join) overran(*rpc.Request) {}

func (j *join) contacts(keep func(identity.Contact)) {
	for _, c := range j.there {
		keep(c)
	}
	for _, step := range j.result.Trace { // of a lookup that is over
		keep(step.Contact)
		keep(step.NamedBy)
	}
}

func (j *join) one() {
	if j.waiting--; j.waiting == 0 && len(j.there) == 0 {
		j.result.Err = ErrNoAnswer
		j.end()
	}
}

func (j *join) lookUpSelf() {
	j.look(j.e.cfg.Position, func(w *walk, reason lookup.Reason) {
		j.result.Lookup, j.result.Trace = w.lookup.Stats(), w.trace
		if j.e.cfg.Mode != Client { // a client only needs a way in
			known, ok := w.covered(reason)
			for cpl := range j.e.table.Farther() {
				if !ok || cpl <= known {
					j.farther = append(j.farther, cpl)
				}
			}
			j.strangers = true
			j.e.introduce(j.op, w, func(*spread) {
				j.strangers = false
				j.endIfOver()
			})
		}
		j.refresh()
	})
}

// introduce has the neighbours that a lookup of this node found know it: the first
// contact that a lookup begins with leaves no trace (design, section 3, rule 1), a PING
// under the session does.
func (e *Engine) introduce(op OpID, w *walk, then func(*spread)) {
	var neighbours []identity.Contact
	for _, c := range w.lookup.Closest(nil) {
		if slices.Contains(w.met, c) {
			neighbours = append(neighbours, c)
		}
	}
	ping := func(identity.Contact) *rpc.Message { return e.newRequest(rpc.Ping) }
	e.spread(op, neighbours, ping, then)
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
	if len(j.farther) == 0 && len(j.fills) == 0 && !j.strangers && !j.over {
		j.end()
	}
}

// look runs one lookup of the join.
func (j *join) look(target identity.Position, then func(*walk, lookup.Reason)) {
	w := j.e.newWalk(j.op, rpc.FindNode, nil, target)
	w.ended = func(reason lookup.Reason) {
		j.walks = slices.DeleteFunc(j.walks, func(other *walk) bool { return other == w })
		if !j.over {
			then(w, reason)
		}
	}
	j.walks = append(j.walks, w)
	w.start(j.there...)
}

func (j *join) cancel() *Result {
	j.over = true
	j.close()
	r := j.result
	for _, w := range slices.Clone(j.walks) {
		r = w.cancel()
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
	j.e.disown(j.owner)
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
		return longAgo
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
		e.maintain(rpc.FindNode, nil, e.randomIn(cpl), func(*walk) {})
		return
	}
	e.upkeep++
	e.newFill(0, cpl, func(*fill) { e.upkeep-- }).start()
}

// maintain runs a lookup of the node's own; at most maxUpkeep run at once.
func (e *Engine) maintain(asks rpc.Type, key []byte, target identity.Position, then func(*walk)) {
	e.upkeep++
	w := e.newWalk(0, asks, key, target)
	w.ended = func(lookup.Reason) {
		e.upkeep--
		then(w)
	}
	w.start()
}
