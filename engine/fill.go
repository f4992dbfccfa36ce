package engine

import (
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/kbucket"
	"kadmium/lookup"
	"kadmium/rpc"
)

// A fill brings a bucket far from this node back to life: it pings who was not heard
// for an hour, and finds contacts for the places that are free.
//
// Kademlia (section 2.3) looks a random key of the bucket's range up. That ends among
// the k neighbours of that key, and a bucket filled by it points in one direction
// only: among 10,000 nodes that joined so a lookup takes half a hop more than with
// random contacts. A fill asks for several random keys of the range, once each, and
// takes at random from all that it is told. It costs a fraction of the bytes, for
// most of its requests are PINGs.
type fill struct {
	e         *Engine
	owner     owner
	cpl       int
	stale     []identity.Contact // of the bucket, to be pinged
	guides    []identity.Contact // of the table, to be asked first
	pool      []identity.Contact // of the range, heard of and not asked
	fresh     []identity.Contact // scratch
	asked     []identity.Contact
	questions int // that may yet be asked
	inFlight  int // requests that count against alpha
	slow      int // requests that overran
	then      func()
}

// Limits of one fill: keys of the range it asks for, requests for each place in the
// bucket, contacts it remembers for each place.
const (
	fillQuestions = 6
	fillRequests  = 3
	fillPool      = 6
)

// fill begins one. What it asks serves the operation.
func (e *Engine) fill(op OpID, cpl int, then func()) {
	f := &fill{e: e, cpl: cpl, questions: fillQuestions, then: then}
	hour := e.now.Add(-kbucket.RefreshInterval)
	e.table.Each(func(c identity.Contact, seen time.Time, _, bucket int) {
		if bucket == cpl && !seen.After(hour) {
			f.stale = append(f.stale, c)
		}
	})
	target := e.randomIn(cpl)
	e.table.LookedUp(e.now, &target)
	seeds := e.seeds(nil, &target)
	f.guides = slices.Clone(seeds[:min(len(seeds), 3)])
	f.owner = e.own(f, op)
	e.stats.Fills++
	f.next()
}

// next sends what may be sent, and ends the fill if nothing is left to do.
func (f *fill) next() {
	for f.inFlight < f.e.cfg.Alpha && len(f.asked) < fillRequests*f.e.cfg.K {
		c, question := f.pick()
		if c == 0 || !f.ask(c, question) {
			break
		}
	}
	if f.inFlight+f.slow == 0 {
		f.e.disown(f.owner)
		f.then()
	}
}

// pick is whom to ask next, and whether for contacts or only whether it is there.
func (f *fill) pick() (c identity.Contact, question bool) {
	free := f.e.table.Free(f.cpl)
	switch {
	case len(f.guides) > 0:
		c, f.guides = f.guides[0], f.guides[1:]
		return c, true
	case len(f.stale) > 0:
		c, f.stale = f.stale[0], f.stale[1:]
		return c, false
	case len(f.pool) == 0 || free <= f.inFlight:
		return 0, false
	}
	i := f.e.rnd.IntN(len(f.pool))
	c = f.pool[i]
	last := len(f.pool) - 1
	f.pool[i], f.pool = f.pool[last], f.pool[:last]
	return c, true
}

func (f *fill) ask(c identity.Contact, question bool) bool {
	f.asked = append(f.asked, c)
	m := f.e.newRequest(rpc.Ping)
	if question && f.questions > 0 {
		f.questions--
		m.Type, m.Target, m.Families = rpc.FindNode, f.e.randomIn(f.cpl), f.e.cfg.Families
	}
	f.inFlight++
	if f.e.ask(f.owner, c, m) {
		return true
	}
	f.inFlight--
	return false
}

func (f *fill) answered(r *rpc.Request, in *Inbound) {
	f.fresh = f.fresh[:0]
	for _, c := range f.e.sift(in.From, in.Message.Contacts) {
		f.hearOf(c)
	}
	f.thin()
	f.over(r)
}

// thin leaves of what one answer brought, from place first of the pool on, no more
// than its share: a peer of the range names as many contacts of a small part of it as
// of a large one.
func (f *fill) thin() {
	brought := f.fresh
	if len(brought) == 0 {
		return
	}
	shared := identity.Bits
	for _, c := range brought[1:] {
		shared = min(shared, identity.CommonPrefixLen(f.e.book.Position(brought[0]), f.e.book.Position(c)))
	}
	f.e.rnd.Shuffle(len(brought), func(i, j int) { brought[i], brought[j] = brought[j], brought[i] })
	if shared < identity.Bits {
		brought = brought[:max(1, len(brought)>>(shared-f.cpl-1))]
	}
	f.pool = append(f.pool, brought...)
}

// hearOf takes note of a contact that is of the range and new, unless there are two
// of its host already (design, section 3, rule 7).
func (f *fill) hearOf(c identity.Contact) {
	p := f.e.book.Position(c)
	if len(f.pool) >= fillPool*f.e.cfg.K || identity.CommonPrefixLen(&f.e.cfg.Position, p) != f.cpl {
		return
	}
	if _, held := f.e.table.Find(p); held || slices.Contains(f.pool, c) || slices.Contains(f.asked, c) {
		return
	}
	ip, n := f.e.book.Address(c).Endpoint.Addr(), 0
	for _, list := range [][]identity.Contact{f.fresh, f.pool, f.asked} {
		for _, other := range list {
			if !ip.IsLoopback() && f.e.book.Address(other).Endpoint.Addr() == ip {
				n++
			}
		}
	}
	if n < lookup.DefaultPerIP {
		f.fresh = append(f.fresh, c)
	}
}

func (f *fill) failed(r *rpc.Request) { f.over(r) }

// overran lets another be asked beside a peer that is slow.
func (f *fill) overran(*rpc.Request) {
	f.inFlight--
	f.slow++
	f.next()
}

// over ends a request.
func (f *fill) over(r *rpc.Request) {
	if r.Tries > 1 {
		f.slow--
	} else {
		f.inFlight--
	}
	f.next()
}

func (f *fill) contacts(keep func(identity.Contact)) {
	for _, list := range [][]identity.Contact{f.stale, f.guides, f.pool, f.asked} {
		for _, c := range list {
			keep(c)
		}
	}
}
