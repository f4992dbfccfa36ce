package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/kbucket"
	"kadmium/lookup"
	"kadmium/rpc"
)

// wildRule and wildPolicy return whatever comes, within bounds or not.
type (
	wildRule   struct{ rnd *rand.Rand }
	wildPolicy struct{ rnd *rand.Rand }
)

func wildNumber(rnd *rand.Rand) int {
	all := []int{0, 1, -1, math.MinInt, math.MaxInt, kbucket.MaxK + 1, 1000}
	if i := rnd.IntN(3 * len(all)); i < len(all) {
		return all[i]
	}
	return rnd.IntN(8)
}

func (w wildRule) Seeds(int) int           { return wildNumber(w.rnd) }
func (w wildRule) Alpha(lookup.View) int   { return wildNumber(w.rnd) }
func (w wildRule) Burst(lookup.View) bool  { return w.rnd.IntN(3) == 0 }
func (w wildRule) Over(lookup.View) bool   { return w.rnd.IntN(12) == 0 }
func (w wildRule) Results(lookup.View) int { return wildNumber(w.rnd) }

func (w wildRule) Patient() bool { return w.rnd.IntN(2) == 0 }

func (w wildRule) Wake(v lookup.View) time.Duration {
	if w.rnd.IntN(2) == 0 {
		return v.Elapsed() + 1
	}
	return time.Duration(wildNumber(w.rnd)) * time.Millisecond
}

func (w wildRule) Take(_ lookup.View, _ *lookup.Candidate, named []identity.Contact) []identity.Contact {
	named = append(named, 0, math.MaxUint32)
	w.rnd.Shuffle(len(named), func(i, j int) { named[i], named[j] = named[j], named[i] })
	return named[w.rnd.IntN(len(named)):]
}

func (w wildRule) Next(v lookup.View) (c *lookup.Candidate) {
	for c = range v.Candidates() {
		if w.rnd.IntN(4) == 0 {
			break
		}
	}
	if w.rnd.IntN(9) == 0 {
		return new(lookup.Candidate)
	}
	return c
}

func (w wildPolicy) Places(int, kbucket.Room) kbucket.Room {
	return kbucket.Room{Contacts: wildNumber(w.rnd), Replacements: wildNumber(w.rnd)}
}
func (w wildPolicy) Displace(kbucket.View) int    { return wildNumber(w.rnd) }
func (w wildPolicy) Probe(kbucket.View) int       { return wildNumber(w.rnd) }
func (w wildPolicy) Evict(kbucket.View, int) bool { return w.rnd.IntN(2) == 0 }
func (w wildPolicy) Promote(kbucket.View) int     { return wildNumber(w.rnd) }
func (w wildPolicy) OnlyFound() bool              { return w.rnd.IntN(2) == 0 }
func (w wildPolicy) Prefers(int, uint32) bool     { return w.rnd.IntN(2) == 0 }

// Nodes whose rules and policies return anything go on, every operation ends, and events
// tell of every change of their tables.
func TestWildRulesDoNoHarm(t *testing.T) {
	for seed := range uint64(4) {
		n := newNetwork(t, 80+seed)
		change := func(c *Config) {
			c.K = 3
			c.Lookup = func(lookup.Config) lookup.Rule { return wildRule{n.rnd} }
			c.Table = func() kbucket.Policy { return wildPolicy{n.rnd} }
		}
		for i := range 12 {
			n.add(change).join()
			n.nodes[i].put(PutQuery{Key: fmt.Appendf(nil, "/v/%d", i), Value: []byte("x")})
			n.nodes[n.rnd.IntN(i+1)].get(fmt.Sprintf("/v/%d", n.rnd.IntN(i+1)), n.rnd.IntN(3))
		}
		n.run(time.Hour)
		n.lose = func(_, to *node, _ *rpc.Message) bool { return to == n.nodes[3] }
		n.run(20 * time.Minute)
		for _, nd := range n.nodes {
			held := 0
			for i := range nd.events {
				switch nd.events[i].Kind {
				case PeerAdded:
					held++
				case PeerRemoved:
					held--
				}
			}
			if held != nd.e.table.Len() {
				t.Errorf("seed %d, node %s: events tell of %d contacts, the table has %d", seed, nd.name, held, nd.e.table.Len())
			}
		}
	}
}

// returning returns a number of contacts.
type returning struct {
	lookup.Plain
	n int
}

func (r returning) Results(lookup.View) int { return r.n }

// Whatever number of contacts a rule returns, what a lookup proves follows from the k
// closest (design R4.16), and who holds a value from those returned.
func TestResultsOfARule(t *testing.T) {
	for _, c := range []struct{ results, returned int }{{-1, 1}, {0, 1}, {2, 2}, {5, 5}, {9, 9}, {1000, 30}} {
		n := newNetwork(t, 71)
		n.grow(31, func(c *Config) { c.K = 5 })
		nd := n.nodes[30]
		target := randomTarget(n.rnd)
		nd.e.cfg.Lookup = nil
		nd.e.enter(n.now, nil)
		var want, got int
		var known bool
		l := nd.e.newLookup(0, ForRefresh, 0, nil, nd.e.cfg.Position)
		l.state = lookup.New(n.now, lookup.Config{K: 5}, &n.book, nd.e.cfg.Position, l.target, othersOf(n, nd))
		want, known = l.runs(n.now)
		l.state = lookup.New(n.now, lookup.Config{K: 5, Rule: func(lookup.Config) lookup.Rule { return returning{n: c.results} }}, &n.book, nd.e.cfg.Position, l.target, othersOf(n, nd))
		if got, _ = l.runs(n.now); got != want || !known {
			t.Errorf("%d results: covers all deeper than %d, want %d", c.results, got, want)
		}
		nd.e.leave()
		nd.e.cfg.Lookup = func(lookup.Config) lookup.Rule { return returning{n: c.results} }
		if r := nd.closest(target); len(r.Contacts) > c.returned || len(r.Contacts) == 0 || c.returned <= 5 && len(r.Contacts) != c.returned {
			t.Errorf("%d results: returned %d", c.results, len(r.Contacts))
		}
		r := nd.put(PutQuery{Key: []byte("/v/a"), Value: []byte("x")})
		nearer := 0
		key, self := identity.KeyPosition([]byte("/v/a")), nd.e.cfg.Position
		for _, other := range n.nodes {
			if p := other.e.cfg.Position; identity.Compare(&key, &p, &self) < 0 {
				nearer++
			}
		}
		if r.SelfHolder != (nearer < max(c.results, 1)) {
			t.Errorf("%d results: a holder itself: %v, with %d nearer", c.results, r.SelfHolder, nearer)
		}
	}
}

// runs runs a lookup whose contacts all answer without naming others, and says what it
// covers.
func (l *activeLookup) runs(now time.Time) (cpl int, ok bool) {
	for c, more := l.state.Next(now); more; c, more = l.state.Next(now) {
		l.state.Answered(now, c, nil)
	}
	reason, _ := l.state.Done()
	return l.covered(reason)
}

func othersOf(n *network, nd *node) (all []identity.Contact) {
	for _, other := range n.nodes {
		if other != nd {
			all = append(all, n.book.Intern(other.address))
		}
	}
	return all
}

// A peer that gave its place to another is alive: it is no newcomer when it is heard again,
// nor lost. One that had not answered is both (design R4.33).
func TestDisplacedIsNotGone(t *testing.T) {
	for _, failed := range []bool{false, true} {
		x := newCrowd(1)
		self := x.address(1 << 20)
		e := New(Config{Self: self.ID, Endpoint: self.Endpoint, Mode: Server, K: 1, Namespaces: x.names,
			Table: func() kbucket.Policy { return eager{} }}, &x.book, x.rnd, epoch)
		e.enter(epoch, nil)
		e.store.Put(epoch, &rpc.Record{Key: []byte("/v/a"), Sequence: 1, TTL: 5 * time.Hour}, identity.NetGroup{}, nil, 0, x.rnd)
		old, newcomer := x.inBucket(e, 0), x.inBucket(e, 0)
		e.contacted(old, true, false)
		if failed {
			e.table.Doubt(old)
		}
		events := len(e.scratch().effects)
		e.contacted(newcomer, true, false)
		if e.rejoining.len() == 1 != failed {
			t.Errorf("failed %v: %d contacts are lost", failed, e.rejoining.len())
		}
		for _, f := range e.scratch().effects[events:] {
			if f.Event.Kind == PeerRemoved && f.Event.Waits == failed {
				t.Errorf("failed %v: the event says that it waits: %v", failed, f.Event.Waits)
			}
		}
		e.leave()
		e.enter(epoch.Add(2*handedOnce), nil)
		if again := e.addNewcomer(x.book.Position(old).Prefix()); again != failed {
			t.Errorf("failed %v: is a newcomer again: %v", failed, again)
		}
		e.leave()
	}
}
