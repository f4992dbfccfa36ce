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
	e                          *Engine
	op                         OpID
	owner                      owner
	cpl                        int
	known                      []identity.Contact // of the table: who was not heard for an hour, then the guides
	knownAsked                 int                // of known, from the front
	searching                  bool               // all pings are over, and the guides chosen
	candidates                 []identity.Contact // of the range, as others named them
	candidatesAsked            int                // of candidates, from the front: these were asked
	named                      []identity.Contact // scratch
	candidateHosts, namedHosts []uint32           // tags of the IP addresses of candidates, and of named
	queries                    int                // that may yet be asked
	waiting                    int                // requests neither answered nor failed yet
	overrunning                int                // of which overran, and count no more against alpha
	onEnd                      func(*fill)
}

// Limits of one fill: keys of the range it asks for, each answered with at most k
// contacts; contacts of the table that it asks for the first of them; and requests it
// sends for each place in a bucket.
const (
	fillQueries  = 6
	fillGuides   = 3
	fillRequests = 3
)

// newFill makes one; start begins it. What it asks serves the operation. onEnd is
// called once, when it has ended by itself.
func (e *Engine) newFill(op OpID, cpl int, onEnd func(*fill)) *fill {
	return &fill{e: e, op: op, cpl: cpl, queries: fillQueries, onEnd: onEnd}
}

func (f *fill) start() {
	e := f.e
	hour := e.now.Add(-kbucket.RefreshInterval)
	e.table.Each(func(c identity.Contact, seen time.Time, failures, bucket int) {
		if bucket == f.cpl && failures == 0 && !seen.After(hour) { // who failed is pinged anyhow
			f.known = append(f.known, c)
		}
	})
	target := e.randomIn(f.cpl)
	e.table.LookedUp(e.now, &target)
	f.owner = e.register(f, f.op)
	e.counters.Fills++
	f.next()
}

// stop ends it early: it sends nothing more, and onEnd is not called.
func (f *fill) stop() { f.e.unregister(f.owner) }

// next sends what may be sent, and ends the fill if nothing is left to do.
func (f *fill) next() {
	for f.inFlight() < f.e.cfg.Alpha && f.knownAsked+f.candidatesAsked < fillRequests*f.e.cfg.K {
		c := f.nextContact()
		if c == 0 || !f.ask(c) {
			break
		}
	}
	if f.waiting == 0 {
		f.e.unregister(f.owner)
		f.onEnd(f)
	}
}

func (f *fill) inFlight() int { return f.waiting - f.overrunning }

// nextContact is whom to ask next, 0 for nobody now. The dead are known before others are
// sought for their places, and so are those whom it is no use to ask for others.
func (f *fill) nextContact() identity.Contact {
	if !f.searching {
		if f.knownAsked < len(f.known) {
			return f.nextKnown()
		}
		if f.waiting > 0 {
			return 0
		}
		f.searching = true
		f.known = append(f.known, f.guides()...)
	}
	free, pool := f.e.table.Free(f.cpl), f.candidates[f.candidatesAsked:]
	switch {
	case free <= f.inFlight():
		return 0
	case f.knownAsked < len(f.known) && len(pool) < free:
		return f.nextKnown()
	case len(pool) == 0:
		return 0
	}
	i := f.e.rnd.IntN(len(pool))
	pool[0], pool[i] = pool[i], pool[0]
	hosts := f.candidateHosts[f.candidatesAsked:]
	hosts[0], hosts[i] = hosts[i], hosts[0]
	f.candidatesAsked++
	return pool[0]
}

func (f *fill) nextKnown() identity.Contact {
	f.knownAsked++
	return f.known[f.knownAsked-1]
}

// guides are the contacts of the table nearest to a random key of the range.
func (f *fill) guides() []identity.Contact {
	target := f.e.randomIn(f.cpl)
	seeds, _ := f.e.seeds(nil, &target)
	return seeds[:min(len(seeds), fillGuides)]
}

// ask asks a contact for others while it may, else only whether it is there.
func (f *fill) ask(c identity.Contact) bool {
	m := f.e.newRequest(rpc.Ping)
	if f.searching && f.queries > 0 {
		f.queries--
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
		f.named, f.namedHosts = f.named[:0], f.namedHosts[:0]
		usable, _ := f.e.sift(in.From, named[:min(len(named), f.e.cfg.K)])
		for _, c := range usable {
			f.addNamed(c)
		}
		f.thin()
	}
	f.settle(r)
}

// addNamed takes note of a contact that is of the range and new, unless there are two
// of its host already (design, section 3, rule 7).
func (f *fill) addNamed(c identity.Contact) {
	p := f.e.book.Position(c)
	if identity.CommonPrefixLen(&f.e.cfg.Position, p) != f.cpl ||
		slices.Contains(f.known, c) || slices.Contains(f.named, c) || slices.Contains(f.candidates, c) {
		return
	}
	if _, held := f.e.table.Find(p); held {
		return
	}
	ip := f.e.book.Address(c).Endpoint.Addr()
	if !ip.IsLoopback() {
		tag := lookup.HostTag(ip)
		if f.atHost(tag, ip, f.named, f.namedHosts)+f.atHost(tag, ip, f.candidates, f.candidateHosts) >= lookup.DefaultPerIP {
			return
		}
	}
	f.named = append(f.named, c)
	f.namedHosts = append(f.namedHosts, lookup.HostTag(ip))
}

// atHost counts the contacts of a list at an IP address; most can be told by their tags.
func (f *fill) atHost(tag uint32, ip netip.Addr, list []identity.Contact, tags []uint32) (n int) {
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
	brought := f.named
	if len(brought) == 0 {
		return
	}
	shared := identity.Bits
	for _, c := range brought[1:] {
		shared = min(shared, identity.CommonPrefixLen(f.e.book.Position(brought[0]), f.e.book.Position(c)))
	}
	hosts := f.namedHosts
	f.e.rnd.Shuffle(len(brought), func(i, j int) {
		brought[i], brought[j] = brought[j], brought[i]
		hosts[i], hosts[j] = hosts[j], hosts[i]
	})
	n := len(brought)
	if shared < identity.Bits {
		n = max(1, n>>(shared-f.cpl-1))
	}
	f.candidates, f.candidateHosts = append(f.candidates, brought[:n]...), append(f.candidateHosts, hosts[:n]...)
}

func (f *fill) failed(r *rpc.Request) { f.settle(r) }

// overran lets another be asked beside a peer that is slow.
func (f *fill) overran(*rpc.Request) {
	f.overrunning++
	f.next()
}

// settle ends a request, which overran if it was sent again.
func (f *fill) settle(r *rpc.Request) {
	f.waiting--
	if r.Tries > 1 {
		f.overrunning--
	}
	f.next()
}

func (f *fill) contacts(keep func(identity.Contact)) {
	for _, list := range [][]identity.Contact{f.known, f.candidates} {
		for _, c := range list {
			keep(c)
		}
	}
}
