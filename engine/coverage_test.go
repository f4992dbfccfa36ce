package engine

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
	"kadmium/store"
)

// seenWhole is a lookup in a network of random nodes, most of them near the engine. It
// has asked the k closest to its target, which named no other nodes.
func seenWhole(t *rapid.T) (l *activeLookup, nodes []identity.Contact, reason lookup.Reason) {
	rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	x := &crowd{rnd: rnd, names: store.NewNamespaces(testNetwork)}
	k := rapid.IntRange(1, 8).Draw(t, "k")
	self := x.address(1 << 20)
	e := New(Config{Self: self.ID, K: k, Mode: Server, Namespaces: x.names}, &x.book, rnd, epoch)
	for range rapid.IntRange(k, 60).Draw(t, "nodes") {
		nodes = append(nodes, x.inBucket(e, rnd.IntN(12)))
	}
	target := e.cfg.Position
	if rapid.Bool().Draw(t, "of a bucket") {
		target = e.randomIn(rapid.IntRange(0, 14).Draw(t, "bucket"))
	}
	e.now = epoch
	l = e.newLookup(0, ForRefresh, rpc.FindNode, nil, target)
	l.state = lookup.New(epoch, lookup.Config{K: k}, &x.book, e.cfg.Position, target, nodes)
	for c, ok := l.state.Next(epoch); ok; c, ok = l.state.Next(epoch) {
		l.state.Answered(epoch, c, nil)
	}
	reason, _ = l.state.Done()
	return l, nodes, reason
}

// All nodes of the buckets that a lookup is said to cover are among the k closest to its
// target, whatever other nodes exist (design R4.16). A node's own lookup covers all that
// follows from who was found.
func TestCoveredBucketsWereSeenWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, nodes, reason := seenWhole(t)
		self, book := &l.e.cfg.Position, l.e.book
		cpl, ok := l.covered(reason)
		closest := l.state.Closest(nil)
		farthest := book.Position(closest[len(closest)-1])
		for _, c := range nodes {
			if ok && identity.CommonPrefixLen(self, book.Position(c)) > cpl && !slices.Contains(closest, c) {
				t.Fatalf("buckets deeper than %d are said to be covered, but there is %v", cpl, book.Position(c))
			}
		}
		// The farthest from the target that can stand in a bucket deeper than shallow.
		certain := func(shallow int) bool {
			worst := l.target
			for bit := range identity.Bits {
				worst[bit/8] ^= 0x80 >> (bit % 8)
			}
			worst = identity.RandomInRange(self, shallow+1, worst)
			return identity.Compare(&l.target, &worst, farthest) < 0
		}
		if ok && !certain(cpl) {
			t.Fatalf("buckets deeper than %d are said to be covered, and need not be", cpl)
		}
		if l.target == *self && (!ok || cpl > 0 && certain(cpl-1)) {
			t.Fatalf("of its own lookup only buckets deeper than %d are said to be covered: %v", cpl, ok)
		}
	})
}

// A lookup that found fewer than k nodes has seen the whole network, unless one failed
// (design R4.17). One that was stopped has seen nothing for certain (design R4.18).
func TestWhatCoversNothing(t *testing.T) {
	x := newCrowd(8)
	e := x.engine(Server)
	host := func(i int) identity.Contact {
		a := x.address(100 + i)
		a.Endpoint = netip.AddrPortFrom(netip.MustParseAddr("192.168.0.9"), uint16(4000+i))
		return x.book.Intern(a)
	}
	for _, c := range []struct {
		what  string
		k     int // 0: more than there are nodes
		named []identity.Contact
		fails bool
		more  bool // it turns to farther contacts
		stop  lookup.Reason
		ok    bool
	}{
		{what: "fewer than k nodes, all of which answered", ok: true},
		{what: "a node that failed", fails: true},
		{what: "fewer than k nodes, and no farther ones", more: true, ok: true},
		{what: "enough nodes, and farther ones among them", k: 4, more: true},
		{what: "a lookup out of time", stop: lookup.TimedOut},
		{what: "a lookup nobody waits for", stop: lookup.Cancelled},
		{what: "a lookup that has found something", stop: lookup.Satisfied},
		{what: "two nodes of one host", named: []identity.Contact{host(0), host(1)}, ok: true},
		{what: "a third node of one host, which is not asked", named: []identity.Contact{host(0), host(1), host(2)}},
	} {
		l := e.newLookup(0, ForRefresh, rpc.FindNode, nil, e.cfg.Position)
		l.state = lookup.New(epoch, lookup.Config{K: c.k}, &x.book, e.cfg.Position, l.target, x.contacts)
		if c.more {
			l.farther()
		}
		for i := 0; ; i++ {
			next, ok := l.state.Next(epoch)
			if !ok {
				break
			}
			if c.stop != 0 && i == 4 {
				l.state.Stop(epoch, c.stop)
			}
			if c.fails && i == 4 {
				l.state.Failed(epoch, next)
			} else {
				l.state.Answered(epoch, next, c.named)
			}
		}
		reason, _ := l.state.Done()
		if cpl, ok := l.covered(reason); ok != c.ok || ok && cpl != -1 {
			t.Errorf("%s, %v: covers all deeper than %d: %v, want %v", c.what, reason, cpl, ok, c.ok)
		}
	}
}

// The join of a node into a network of fewer than k asks each of them once and refreshes
// nothing for an hour, because its own lookup saw all of them. If one has failed the join
// fills the buckets, because the lookup may have missed a node.
func TestJoinOfASmallNetworkIsOneLookup(t *testing.T) {
	for _, failed := range []bool{false, true} {
		t.Run(fmt.Sprint("with a failed node: ", failed), func(t *testing.T) {
			n := newNetwork(t, 72)
			n.grow(15, nil)
			n.nodes[4].up = !failed
			nd := n.add(nil)
			sent := nd.countSent()
			if r := nd.join(); r.Err != nil {
				t.Fatal(r.Err)
			}
			if c := nd.e.Stats().Counters; c.Lookups != 1 || (c.Fills > 0) != failed {
				t.Errorf("%d lookups and %d fills", c.Lookups, c.Fills)
			}
			if asked := sent[rpc.FindNode][nd.lastOp]; !failed && asked != 15 {
				t.Errorf("%d FIND_NODEs to 15 nodes", asked)
			}
			n.run(59 * time.Minute)
			if c := nd.e.Stats().Counters; !failed && c.Lookups+c.Fills != 1 {
				t.Errorf("within the hour %d lookups and %d fills", c.Lookups, c.Fills)
			}
		})
	}
}

// A join fills the buckets that its own lookup did not see the whole of: as many as the
// farthest of the k closest shares bits with it, plus one (design R7.4).
func TestJoinSparesDeepBuckets(t *testing.T) {
	n := newNetwork(t, 73)
	n.grow(100, func(c *Config) { c.K = 5 })
	spared := 0
	for range 10 {
		nd := n.add(func(c *Config) { c.K = 5 })
		self := nd.cfg.Self.Position()
		closest := n.nearest(self, 5, nd)
		farthest := closest[4].cfg.Self.Position()
		nearest := closest[0].cfg.Self.Position()
		if r := nd.join(); r.Err != nil {
			t.Fatal(r.Err)
		}
		want := min(identity.CommonPrefixLen(&self, &farthest)+1, identity.CommonPrefixLen(&self, &nearest))
		if c := nd.e.Stats().Counters; c.Lookups != 1 || int(c.Fills) != want {
			t.Errorf("%d lookups and %d fills, want 1 and %d", c.Lookups, c.Fills, want)
		}
		spared += identity.CommonPrefixLen(&self, &nearest) - want
	}
	if spared < 10 {
		t.Errorf("%d buckets were spared in ten joins", spared)
	}
}
