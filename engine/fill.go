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

// A fill refreshes a bucket far from this node (design R4.20 to R4.24). It sends a PING
// to the contacts that were not heard for an hour. Then it finds contacts for the places
// that are free or held by contacts that failed.
//
// Kademlia (section 2.3) looks up a random key of the bucket's range. Such a lookup ends
// among the k neighbours of that key, so the bucket gets contacts in one direction only.
// A fill instead asks for several random keys of the range, once each, and takes contacts
// at random from the answers. Most of its requests are PINGs.
type fill struct {
	e                          *Engine
	op                         OpID
	owner                      owner
	cpl                        int
	known                      []identity.Contact // of the table: those not heard for an hour, then the guides
	knownAsked                 int                // how many of known were asked, from the front
	searching                  bool               // the PINGs are over, and the guides are chosen
	candidates                 []identity.Contact // of the range, named by others
	candidatesAsked            int                // how many of candidates were asked, from the front
	named                      []identity.Contact // scratch: by one answer
	candidateHosts, namedHosts []uint32           // tags of their IP addresses
	preferences                []preference       // of the candidates
	queries                    int                // FIND_NODEs that may still be sent
	waiting                    int                // requests neither answered nor failed yet
	overrunning                int                // of these, those that overran and no longer count against alpha
	onEnd                      func(*fill)
}

// Limits of one fill (design R4.22, R4.24): the random keys it asks for, each answered
// with at most k contacts; the contacts of the table it asks first; the requests it sends
// per place in a bucket.
const (
	fillQueries  = 6
	fillGuides   = 3
	fillRequests = 3
	fillShare    = 4 // of an answer one contact is taken, and one for so many free places (design R4.37)
	searchFrom   = 4 // a search begins if this part of k places is free (design R4.36)
)

// A preference says whether the table prefers a candidate, once that was asked: it takes a
// hash to tell.
type preference uint8

const (
	notAsked preference = iota
	ordinary
	preferred
)

// newFill makes a fill for an operation or for the node itself (op 0); start begins it.
// onEnd is called once, unless the fill is stopped.
func (e *Engine) newFill(op OpID, cpl int, onEnd func(*fill)) *fill {
	return &fill{e: e, op: op, cpl: cpl, queries: fillQueries, onEnd: onEnd}
}

func (f *fill) start() {
	e := f.e
	hour := e.now.Add(-kbucket.RefreshInterval)
	e.table.Each(func(c identity.Contact, seen time.Time, failures, bucket int) {
		if bucket == f.cpl && failures == 0 && !seen.After(hour) { // the task probe pings those that failed
			f.known = append(f.known, c)
		}
	})
	f.known = append(f.known, e.takeFormer(f.cpl)...)
	target := e.randomIn(f.cpl)
	e.table.LookedUp(e.now, &target)
	f.owner = e.register(f, f.op)
	e.counters.Fills++
	f.next()
}

// stop ends the fill early. onEnd is not called.
func (f *fill) stop() { f.e.unregister(f.owner) }

// next sends the requests that may be sent, and ends the fill if nothing is left to do.
func (f *fill) next() {
	for f.inFlight() < f.e.cfg.Alpha && f.knownAsked+f.candidatesAsked < fillRequests*f.e.cfg.K {
		c := f.nextContact()
		if c != 0 && f.e.hasFailed(c) { // since it was chosen (design R4.27)
			continue
		}
		if c == 0 || !f.ask(c) {
			break
		}
	}
	if f.waiting == 0 {
		f.e.unregister(f.owner)
		if f.searching {
			f.e.searched(f.cpl)
		}
		f.onEnd(f)
	}
}

// searched gives the places that were kept for contacts that the node finds to others.
func (e *Engine) searched(bucket int) {
	for c := e.table.Searched(bucket); c != 0; c = e.table.Searched(bucket) {
		e.promoted(c)
	}
}

func (f *fill) inFlight() int { return f.waiting - f.overrunning }

// nextContact returns the contact to be asked next, 0 if none may be asked now. The
// search begins only after all PINGs have ended: then it is known which places are free,
// and which contacts can be asked.
func (f *fill) nextContact() identity.Contact {
	if !f.searching {
		if f.knownAsked < len(f.known) {
			return f.nextKnown()
		}
		if f.waiting > 0 {
			return 0
		}
		if f.e.table.Free(f.cpl) < f.e.cfg.K/searchFrom {
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
	hosts, preferences := f.candidateHosts[f.candidatesAsked:], f.preferences[f.candidatesAsked:]
	i := f.choose(pool, preferences)
	pool[0], pool[i] = pool[i], pool[0]
	hosts[0], hosts[i] = hosts[i], hosts[0]
	preferences[0], preferences[i] = preferences[i], preferences[0]
	f.candidatesAsked++
	f.e.table.Named(pool[0])
	return pool[0]
}

// choose takes one of the pool at random, and a preferred one if there is any (design
// R4.31).
func (f *fill) choose(pool []identity.Contact, preferences []preference) int {
	first := f.e.rnd.IntN(len(pool))
	for i := range pool {
		at := (first + i) % len(pool)
		if preferences[at] == notAsked {
			preferences[at] = ordinary
			if f.e.table.Prefers(pool[at]) {
				preferences[at] = preferred
			}
		}
		if preferences[at] == preferred {
			return at
		}
	}
	return first
}

func (f *fill) nextKnown() identity.Contact {
	f.knownAsked++
	return f.known[f.knownAsked-1]
}

// guides are the contacts of the table nearest to a random key of the range that have not
// failed since they answered (design R4.27).
func (f *fill) guides() []identity.Contact {
	target := f.e.randomIn(f.cpl)
	near := slices.DeleteFunc(f.e.table.Nearest(nil, &target, f.e.cfg.K), f.e.hasFailed)
	return near[:min(len(near), fillGuides)]
}

// ask sends a FIND_NODE while the search lasts and queries are left, and otherwise a
// PING.
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

// addNamed adds a contact to named if it is of the range and new, unless two of its IP
// address are known already (design R3.7).
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
		if f.atHost(tag, ip, f.named, f.namedHosts)+f.atHost(tag, ip, f.candidates, f.candidateHosts) >= lookup.PerIP {
			return
		}
	}
	f.named = append(f.named, c)
	f.namedHosts = append(f.namedHosts, lookup.HostTag(ip))
}

// atHost counts the contacts of a list at an IP address. Comparing tags first is faster.
func (f *fill) atHost(tag uint32, ip netip.Addr, list []identity.Contact, tags []uint32) (n int) {
	for i, other := range tags {
		if other == tag && f.e.book.Address(list[i]).Endpoint.Addr() == ip {
			n++
		}
	}
	return n
}

// thin keeps a part of the contacts of one answer: if all of them share b bits beyond
// the bucket's range, 1 in 2^b (design R4.23). A peer names as many contacts of a small
// part of the range as of a large one.
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
	n = min(n, 1+f.e.table.Free(f.cpl)/fillShare)
	f.candidates, f.candidateHosts = append(f.candidates, brought[:n]...), append(f.candidateHosts, hosts[:n]...)
	f.preferences = append(f.preferences, make([]preference, n)...)
}

func (f *fill) failed(r *rpc.Request) { f.settle(r) }

// overran lets another contact be asked while one is slow.
func (f *fill) overran(r *rpc.Request) {
	if r.Tries == 2 {
		f.overrunning++
		f.next()
	}
}

// settle ends one request. If it was sent again it had overrun.
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
