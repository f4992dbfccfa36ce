package engine

import (
	"net/netip"
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// Where a network was cut in two, each part evicts the contacts of the other, and looks
// whole. So a node that has lost contacts goes on asking for them (design R7.12 to R7.14).
const (
	maxLost      = 64               // contacts remembered as lost (design R8.15)
	rejoinEvery  = 30 * time.Second // between two of those asked, and after many were lost
	rejoinFor    = 15 * time.Minute // how long after the last of many; then the interval doubles
	rejoinRest   = time.Hour        // up to this
	rejoinSeldom = 5 * time.Minute  // after a loss of few, which then doubles too
	seedRest     = 15 * time.Minute // how long a bootstrap peer that has answered is not asked (design R7.40)

	cutShare = 8 // many is this part of all contacts, lost within rejoinFor

	rejoinAtOnce = 16 // contacts that a node that is cut off asks each time (design R8.38)

	rejoinTimeout = 5 * time.Second // for the only try, which may need a new session
)

// A rejoining has the contacts that left the routing table because they failed, the
// newest last, and when the next of them is asked.
type rejoining struct {
	lost  []identity.Contact
	peers contactSet[uint64] // of lost, by 64 bits of their positions: it is searched often
	as    []loss             // of each
	until time.Time          // the interval does not double before
	due   time.Time
	pause time.Duration // the last interval
	rests []rest        // of bootstrap peers
}

// A rest is until when a bootstrap peer is not asked, since it has answered.
type rest struct {
	peer  netip.AddrPort
	until time.Time
}

// A loss says how a contact was lost.
type loss struct {
	at     int32 // seconds since the engine was made
	ofMany bool  // many others were lost within rejoinFor of it: there may be a cut
}

// lose remembers a contact that was evicted. Where peers come and go a few are lost all the
// time, and mean nothing.
func (e *Engine) lose(c identity.Contact) {
	r := e.ensureRejoining()
	r.wake(e.book.Address(c).Endpoint)
	if len(r.lost) == 0 { // what is left is of losses that are over
		r.due, r.pause = time.Time{}, 0
	}
	if len(r.lost) == maxLost {
		r.remove(0)
	}
	r.lost = append(room(r.lost, maxLost), c)
	r.peers.add(e.book.Position(c).Prefix(), maxLost)
	r.as = append(room(r.as, maxLost), loss{at: int32(e.now.Sub(e.born) / time.Second)})
	recent := r.since(e.now.Add(-rejoinFor).Sub(e.born))
	known := e.table.Len() + e.table.Vacant()
	if n := len(recent); n < maxLost && known >= e.cfg.K && n*cutShare < n+known {
		r.hurry(e.now, rejoinSeldom)
		return
	}
	for i := range recent {
		recent[i].ofMany = true
	}
	r.restart(e.now)
}

// since are the losses from a time on, counted from when the engine was made.
func (r *rejoining) since(from time.Duration) []loss {
	first := len(r.as)
	for first > 0 && time.Duration(r.as[first-1].at)*time.Second >= from {
		first--
	}
	return r.as[first:]
}

func (r *rejoining) remove(i int) {
	r.lost = slices.Delete(r.lost, i, i+1)
	r.peers.remove(i, i+1)
	r.as = slices.Delete(r.as, i, i+1)
}

// ensureRejoining returns the node's rejoining, which it makes if there is none.
func (e *Engine) ensureRejoining() *rejoining {
	if e.rejoining == nil {
		e.rejoining = new(rejoining)
	}
	return e.rejoining
}

// restart begins the shortest intervals anew.
func (r *rejoining) restart(now time.Time) {
	r.until = now.Add(rejoinFor)
	r.hurry(now, rejoinEvery)
}

// hurry makes the interval no longer than pause.
func (r *rejoining) hurry(now time.Time, pause time.Duration) {
	if r.pause == 0 || r.pause > pause {
		r.pause = pause
	}
	if soon := now.Add(pause); r.due.IsZero() || r.due.After(soon) {
		r.due = soon
	}
}

// rest has a bootstrap peer that has answered wait.
func (r *rejoining) rest(now time.Time, peer netip.AddrPort) {
	r.wake(peer)
	r.rests = slices.DeleteFunc(r.rests, func(w rest) bool { return !now.Before(w.until) })
	r.rests = append(r.rests, rest{peer, now.Add(seedRest)})
}

// wake ends the rest of a peer.
func (r *rejoining) wake(peer netip.AddrPort) {
	r.rests = slices.DeleteFunc(r.rests, func(w rest) bool { return w.peer == peer })
}

// resting reports whether a peer is not to be asked now.
func (r *rejoining) resting(now time.Time, peer netip.AddrPort) bool {
	return slices.ContainsFunc(r.rests, func(w rest) bool { return w.peer == peer && now.Before(w.until) })
}

// heard removes a peer that was heard, at whatever address, from those that were lost. If
// it was one of many, the others may be back too.
func (e *Engine) heard(c identity.Contact) {
	if e.notLost(c) {
		e.rejoining.restart(e.now)
	}
}

// notLost removes a peer, at whatever address, from those that were lost, and reports
// whether it was lost with many others.
func (e *Engine) notLost(c identity.Contact) (ofMany bool) {
	if e.rejoining.len() == 0 {
		return false
	}
	r, prefix := e.rejoining, e.book.Position(c).Prefix()
	for i := r.peers.index(prefix); i >= 0; i = r.peers.index(prefix) {
		ofMany = ofMany || r.as[i].ofMany
		r.remove(i)
	}
	return ofMany
}

func (r *rejoining) each(f func(identity.Contact)) {
	if r == nil {
		return
	}
	for _, c := range r.lost {
		f(c)
	}
}

func (r *rejoining) len() int {
	if r == nil {
		return 0
	}
	return len(r.lost)
}

// cutOff reports whether none of the contacts answers. They stay in the table, as that
// does not count against them, and bootstrap peers may be gone, or there are none.
func (e *Engine) cutOff() bool { return e.table.Len() > 0 && e.table.Answering() == 0 }

// wantsRejoin is when to ask for what was lost. A join does more.
func (e *Engine) wantsRejoin() time.Time {
	switch {
	case e.joining > 0 || !e.mayMaintain():
		return time.Time{}
	case e.cutOff(): // the task's own interval is between two requests
		return e.outage.lastHeard.Add(rejoinEvery)
	case e.rejoining.len() > 0:
		return e.rejoining.due
	}
	return time.Time{}
}

// rejoin asks one lost contact, or one bootstrap peer that is not in the routing table,
// for the contacts closest to this node. A node that is cut off asks its contacts too: for
// a while many of them each time, as only one of them may be back, which knows nobody.
func (e *Engine) rejoin() {
	r := e.ensureRejoining()
	if !e.now.Before(r.until) && !e.cutOff() {
		r.pause = min(2*r.pause, rejoinRest)
	}
	r.due = e.now.Add(r.pause)
	if c, ok := e.absent(); ok {
		e.askAbsent(c)
	}
	if !e.cutOff() || e.now.Sub(e.outage.silentFrom) >= rejoinFor {
		return
	}
	silent := e.table.NearestAny(nil, &e.cfg.Position, e.table.Len())
	e.rnd.Shuffle(len(silent), func(i, j int) { silent[i], silent[j] = silent[j], silent[i] })
	for _, c := range silent[:min(len(silent), rejoinAtOnce)] {
		e.askAbsent(c)
	}
}

func (e *Engine) askAbsent(c identity.Contact) {
	e.counters.Rejoins++
	a := &absence{e: e}
	a.owner = e.register(a, 0)
	if e.book.Address(c).ID.IsZero() {
		a.ask(c, e.newRequest(rpc.Ping)) // its ID has to be learnt first (wire.md, section 2)
		return
	}
	a.findSelf(c)
}

// absent chooses whom to ask. Bootstrap peers get half of the turns: where peers come and
// go, all of the last that were lost may be gone for good.
func (e *Engine) absent() (identity.Contact, bool) {
	candidates := e.rejoining.lost
	if e.cutOff() {
		candidates = e.table.NearestAny(slices.Clone(candidates), &e.cfg.Position, e.table.Len())
	}
	if len(candidates) == 0 {
		return 0, false
	}
	if seeds := e.absentSeeds(); len(seeds) > 0 && e.rnd.IntN(2) == 0 {
		return e.book.Intern(seeds[e.rnd.IntN(len(seeds))]), true
	}
	return candidates[e.rnd.IntN(len(candidates))], true
}

// absentSeeds are the bootstrap peers that are not in the routing table and do not rest.
// Some have no known peer ID, or another by now: these are told by their endpoint, for which
// the whole table is read.
func (e *Engine) absentSeeds() []identity.Address {
	own, cutOff := e.ownEndpoint(), e.cutOff()
	absent := slices.DeleteFunc(slices.Clone(e.cfg.Bootstrap), func(a identity.Address) bool {
		if a.ID == e.cfg.Self || a.Endpoint == own || a.Endpoint == e.cfg.Endpoint ||
			!cutOff && e.rejoining.resting(e.now, a.Endpoint) {
			return true
		}
		if a.ID.IsZero() {
			return false
		}
		_, held := e.table.Find(e.book.Position(e.book.Intern(a)))
		return held
	})
	if len(absent) == 0 {
		return nil
	}
	e.table.Each(func(c identity.Contact, _ time.Time, _, _ int) {
		held := e.book.Address(c).Endpoint
		absent = slices.DeleteFunc(absent, func(a identity.Address) bool { return a.Endpoint == held })
	})
	return absent
}

// An absence asks a peer that is not in the routing table.
type absence struct {
	e     *Engine
	owner owner
	to    identity.Contact
}

func (a *absence) findSelf(c identity.Contact) {
	m := a.e.newRequest(rpc.FindNode)
	m.Target, m.Families = a.e.cfg.Position, a.e.cfg.Families
	a.ask(c, m)
}

func (a *absence) ask(c identity.Contact, m *rpc.Message) {
	if a.to = c; !a.e.askMarked(a.owner, c, m, thoughtGone|underSession) {
		a.e.unregister(a.owner)
	}
}

// answered looks this node up if the peer named somebody who belongs among the k closest
// and is unknown: then there is a part of the network that this node does not know. A
// peer whose bucket is full may answer each time, and mostly names nobody new.
func (a *absence) answered(r *rpc.Request, in *Inbound) {
	e := a.e
	if r.Message.Type == rpc.Ping {
		a.findSelf(in.From)
		return
	}
	e.unregister(a.owner)
	if in.Observed.IsValid() { // a first contact, which has changed nothing there (design R7.6)
		e.ask(nobody, in.From, e.newRequest(rpc.Ping))
	}
	named, _ := e.sift(in.From, in.Message.Contacts)
	if e.areNews(named) {
		if !e.mayMaintain() {
			return
		}
		e.lookUpSelf(in.From)
	}
	e.restSeed(e.book.Address(a.to).Endpoint)
}

// restSeed lets a bootstrap peer rest: its answer has told what there was to tell.
func (e *Engine) restSeed(peer netip.AddrPort) {
	if slices.ContainsFunc(e.cfg.Bootstrap, func(a identity.Address) bool { return a.Endpoint == peer }) {
		e.ensureRejoining().rest(e.now, peer)
	}
}

// areNews reports whether one of the contacts, which are scratch memory, is among the k
// closest to this node and not in its routing table.
func (e *Engine) areNews(named []identity.Contact) bool {
	self, k := &e.cfg.Position, e.cfg.K
	all := e.table.Nearest(named, self, k)
	e.scratch().contacts = all
	closest := all[len(named):]
	return slices.ContainsFunc(all[:len(named)], func(c identity.Contact) bool {
		p := e.book.Position(c)
		if len(closest) >= k && identity.Compare(self, p, e.book.Position(closest[k-1])) >= 0 {
			return false
		}
		_, held := e.table.Find(p)
		return !held
	})
}

func (a *absence) failed(*rpc.Request) { a.e.unregister(a.owner) }

func (a *absence) overran(*rpc.Request) {}

func (a *absence) contacts(keep func(identity.Contact)) { keep(a.to) }
