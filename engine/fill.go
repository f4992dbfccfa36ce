package engine

import (
	"net/netip"
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/kbucket"
	"kadmium/lookup"
	"kadmium/rpc"
)

// A fill brings a bucket far from this node back to life: it pings who was not heard
// for an hour, and then finds contacts for the places that are free or were the dead's.
//
// Kademlia (section 2.3) looks a random key of the bucket's range up. That ends among
// the k neighbours of that key, and a bucket filled by it points in one direction
// only. A fill asks for several random keys of the range, once each, and takes at
// random from all that it is told. Most of its requests are PINGs.
type fill struct {
	e                 *Engine
	op                OpID
	owner             owner
	cpl               int
	own               []identity.Contact // of the table: who was not heard for an hour, then the guides
	ownAsked          int                // of own, from the front
	searching         bool               // all pings are over, and the guides chosen
	heard             []identity.Contact // of the range, as others named them
	tried             int                // of heard, from the front: these were asked
	fresh             []identity.Contact // scratch
	hosts, freshHosts []uint32           // tags of the IP addresses of heard, and of fresh
	questions         int                // that may yet be asked
	waiting           int                // requests neither answered nor failed yet
	slow              int                // of which overran, and count no more against alpha
	then              func(*fill)
}

// Limits of one fill: keys of the range it asks for, each answered with at most k
// contacts; contacts of the table that it asks for the first of them; and requests it
// sends for each place in a bucket.
const (
	fillQuestions = 6
	fillGuides    = 3
	fillRequests  = 3
)

// newFill makes one; start begins it. What it asks serves the operation. then is
// called once, when it has ended by itself.
func (e *Engine) newFill(op OpID, cpl int, then func(*fill)) *fill {
	return &fill{e: e, op: op, cpl: cpl, questions: fillQuestions, then: then}
}

func (f *fill) start() {
	e := f.e
	hour := e.now.Add(-kbucket.RefreshInterval)
	e.table.Each(func(c identity.Contact, seen time.Time, failures, bucket int) {
		if bucket == f.cpl && failures == 0 && !seen.After(hour) { // who failed is pinged anyhow
			f.own = append(f.own, c)
		}
	})
	target := e.randomIn(f.cpl)
	e.table.LookedUp(e.now, &target)
	f.owner = e.own(f, f.op)
	e.stats.Fills++
	f.next()
}

// stop ends it early: it sends nothing more, and then is not called.
func (f *fill) stop() { f.e.disown(f.owner) }

// next sends what may be sent, and ends the fill if nothing is left to do.
func (f *fill) next() {
	for f.inFlight() < f.e.cfg.Alpha && f.ownAsked+f.tried < fillRequests*f.e.cfg.K {
		c := f.pick()
		if c == 0 || !f.ask(c) {
			break
		}
	}
	if f.waiting == 0 {
		f.e.disown(f.owner)
		f.then(f)
	}
}

func (f *fill) inFlight() int { return f.waiting - f.slow }

// pick is whom to ask next, 0 for nobody now. The dead are known before others are
// sought for their places, and so are those whom it is no use to ask for others.
func (f *fill) pick() identity.Contact {
	if !f.searching {
		if f.ownAsked < len(f.own) {
			return f.nextOwn()
		}
		if f.waiting > 0 {
			return 0
		}
		f.searching = true
		f.own = append(f.own, f.guides()...)
	}
	free, pool := f.e.table.Free(f.cpl), f.heard[f.tried:]
	switch {
	case free <= f.inFlight():
		return 0
	case f.ownAsked < len(f.own) && len(pool) < free:
		return f.nextOwn()
	case len(pool) == 0:
		return 0
	}
	i := f.e.rnd.IntN(len(pool))
	pool[0], pool[i] = pool[i], pool[0]
	hosts := f.hosts[f.tried:]
	hosts[0], hosts[i] = hosts[i], hosts[0]
	f.tried++
	return pool[0]
}

func (f *fill) nextOwn() identity.Contact {
	f.ownAsked++
	return f.own[f.ownAsked-1]
}

// guides are the contacts of the table nearest to a random key of the range.
func (f *fill) guides() []identity.Contact {
	target := f.e.randomIn(f.cpl)
	seeds := f.e.seeds(nil, &target)
	return seeds[:min(len(seeds), fillGuides)]
}

// ask asks a contact for others while it may, else only whether it is there.
func (f *fill) ask(c identity.Contact) bool {
	m := f.e.newRequest(rpc.Ping)
	if f.searching && f.questions > 0 {
		f.questions--
		m.Type, m.Target, m.Families = rpc.FindNode, f.e.randomIn(f.cpl), f.e.cfg.Families
	}
	if !f.e.ask(f.owner, c, m) {
		return false
	}
	f.waiting++
	return true
}

func (f *fill) answered(r *rpc.Request, in *Inbound) {
	if r.Message.Type == rpc.FindNode {
		named := in.Message.Contacts
		f.fresh, f.freshHosts = f.fresh[:0], f.freshHosts[:0]
		for _, c := range f.e.sift(in.From, named[:min(len(named), f.e.cfg.K)]) {
			f.hearOf(c)
		}
		f.thin()
	}
	f.over(r)
}

// hearOf takes note of a contact that is of the range and new, unless there are two
// of its host already (design, section 3, rule 7).
func (f *fill) hearOf(c identity.Contact) {
	p := f.e.book.Position(c)
	if identity.CommonPrefixLen(&f.e.cfg.Position, p) != f.cpl ||
		slices.Contains(f.own, c) || slices.Contains(f.fresh, c) || slices.Contains(f.heard, c) {
		return
	}
	if _, held := f.e.table.Find(p); held {
		return
	}
	ip := f.e.book.Address(c).Endpoint.Addr()
	if !ip.IsLoopback() {
		tag := lookup.HostTag(ip)
		if f.of(tag, ip, f.fresh, f.freshHosts)+f.of(tag, ip, f.heard, f.hosts) >= lookup.DefaultPerIP {
			return
		}
	}
	f.fresh = append(f.fresh, c)
	f.freshHosts = append(f.freshHosts, lookup.HostTag(ip))
}

// of counts the contacts of a list at an IP address; most can be told by their tags.
func (f *fill) of(tag uint32, ip netip.Addr, list []identity.Contact, tags []uint32) (n int) {
	for i, other := range tags {
		if other == tag && f.e.book.Address(list[i]).Endpoint.Addr() == ip {
			n++
		}
	}
	return n
}

// thin leaves of what one answer brought no more than its share: a peer of the range
// names as many contacts of a small part of it as of a large one.
func (f *fill) thin() {
	brought := f.fresh
	if len(brought) == 0 {
		return
	}
	shared := identity.Bits
	for _, c := range brought[1:] {
		shared = min(shared, identity.CommonPrefixLen(f.e.book.Position(brought[0]), f.e.book.Position(c)))
	}
	hosts := f.freshHosts
	f.e.rnd.Shuffle(len(brought), func(i, j int) {
		brought[i], brought[j] = brought[j], brought[i]
		hosts[i], hosts[j] = hosts[j], hosts[i]
	})
	n := len(brought)
	if shared < identity.Bits {
		n = max(1, n>>(shared-f.cpl-1))
	}
	f.heard, f.hosts = append(f.heard, brought[:n]...), append(f.hosts, hosts[:n]...)
}

func (f *fill) failed(r *rpc.Request) { f.over(r) }

// overran lets another be asked beside a peer that is slow.
func (f *fill) overran(*rpc.Request) {
	f.slow++
	f.next()
}

// over ends a request, which overran if it was sent again.
func (f *fill) over(r *rpc.Request) {
	f.waiting--
	if r.Tries > 1 {
		f.slow--
	}
	f.next()
}

func (f *fill) contacts(keep func(identity.Contact)) {
	for _, list := range [][]identity.Contact{f.own, f.heard} {
		for _, c := range list {
			keep(c)
		}
	}
}
