package engine

import (
	"net/netip"
	"testing"
	"time"

	"kadmium/rpc"
)

// entryOf is the newest provider entry of a node under a key that at least 18 nodes hold, or
// all, the zero Provider if there is none.
func (n *network) entryOf(nd *node, key string) (entry rpc.Provider) {
	holders := make(map[uint64]int)
	for _, holder := range n.live() {
		for _, p := range holder.e.Store().AllProviders(n.now, []byte(key), nil) {
			if p.Peer.ID == nd.address.ID && p.Sequence >= entry.Sequence {
				holders[p.Sequence]++
				entry = p
			}
		}
	}
	if holders[entry.Sequence] < min(18, len(n.live())) {
		return rpc.Provider{}
	}
	return entry
}

func (nd *node) provide(key string) {
	nd.n.t.Helper()
	if r := nd.operate(func(op OpID) []Effect { return nd.e.Provide(nd.n.now, op, []byte(key), false, nil) }); r.Err != nil {
		nd.n.t.Fatal(r.Err)
	}
}

func (nd *node) count(k EventKind) (n int) {
	for _, ev := range nd.events {
		if ev.Kind == k {
			n++
		}
	}
	return n
}

// A provider moves to another IP.
func TestProviderMoves(t *testing.T) {
	n := newNetwork(t, 61)
	n.grow(25, nil)
	p := n.nodes[9]
	for _, key := range []string{"a", "b"} {
		p.provide(key)
	}
	for i, quiet := range []bool{false, true, false} {
		p.move(netip.AddrPortFrom(netip.AddrFrom4([4]byte{99, 1, byte(i), 1}), 4100))
		moved, limit := n.now, 30*time.Second
		if quiet {
			limit = quietFor + time.Minute
		} else {
			p.closest(randomTarget(n.rnd))
		}
		n.until(limit, "its entries naming the new address", func() bool {
			return n.entryOf(p, "a").Peer == p.address && n.entryOf(p, "b").Peer == p.address
		})
		t.Logf("after %v", n.now.Sub(moved))
		if p.e.Observed() != p.address.Endpoint || p.count(AddressChanged) != i+1 {
			t.Errorf("seen at %v, %d events", p.e.Observed(), p.count(AddressChanged))
		}
		if p.provide("c"); n.entryOf(p, "c").Peer != p.address {
			t.Errorf("a new entry names %v", n.entryOf(p, "c").Peer)
		}
		n.run(voteMaxPause)
	}
}

// An address changes once in ten minutes at most.
func TestAddressChangesSeldom(t *testing.T) {
	n := newNetwork(t, 62)
	n.grow(25, nil)
	p := n.nodes[9]
	p.provide("a")
	began := n.now
	for i := range 60 {
		p.move(netip.AddrPortFrom(netip.AddrFrom4([4]byte{99, 2, byte(i), 1}), 4100))
		p.closest(randomTarget(n.rnd))
		n.run(time.Minute)
	}
	if most := int(n.now.Sub(began)/voteMaxPause) + 1; p.count(AddressChanged) > most || p.count(AddressChanged) < 3 {
		t.Errorf("%d changes in %v, want %d at most", p.count(AddressChanged), n.now.Sub(began), most)
	}
	n.until(voteMaxPause+time.Minute, "the last address", func() bool { return n.entryOf(p, "a").Peer == p.address })
}

// A liar, and several in one subnet, cannot have a provider name a victim's address.
func TestLiarsChangeNoAddress(t *testing.T) {
	victim := netip.MustParseAddrPort("203.0.113.7:4100")
	for name, liars := range map[string]int{"one": 1, "two in one subnet": 2, "six in one subnet": 6} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t, 63)
			n.grow(12, nil)
			for i := range liars {
				nd := n.add(nil)
				nd.move(netip.AddrPortFrom(netip.AddrFrom4([4]byte{66, 6, 6, byte(i + 1)}), 4100))
				nd.claims = victim
				nd.join()
			}
			n.grow(8, nil)
			p := n.nodes[9]
			p.provide("a")
			for range 100 {
				p.closest(randomTarget(n.rnd))
				n.run(5 * time.Minute)
				if p.e.Observed() != p.address.Endpoint {
					t.Fatalf("it takes itself to be at %v", p.e.Observed())
				}
			}
			if entry := n.entryOf(p, "a"); entry.Peer != p.address || p.count(AddressChanged) > 0 {
				t.Errorf("the entry names %v; %d changes", entry.Peer, p.count(AddressChanged))
			}
			votes := p.e.Stats().Counters.AddressVotes
			if t.Logf("%d votes", votes); votes == 0 || votes > 60 {
				t.Errorf("%d votes in 8 hours", votes)
			}
			// With the liars in the network it may still move.
			p.move(netip.MustParseAddrPort("99.3.0.1:4100"))
			p.closest(randomTarget(n.rnd))
			n.until(2*time.Hour, "the new address", func() bool { return n.entryOf(p, "a").Peer == p.address })
		})
	}
}

// The first word may be a lie: others correct it.
func TestFirstWordIsCorrected(t *testing.T) {
	n := newNetwork(t, 64)
	n.grow(12, nil)
	n.nodes[0].claims = netip.MustParseAddrPort("203.0.113.7:4100")
	p := n.add(nil)
	p.join()
	p.provide("a")
	n.until(time.Minute, "the right address", func() bool { return n.entryOf(p, "a").Peer == p.address })
}

// Where three peers are not at hand in different subnets nothing changes, and where
// addresses are local three peers are enough.
func TestThreePeersDecide(t *testing.T) {
	for _, c := range []struct {
		name    string
		peers   int
		at      func(i int) netip.Addr
		changes bool
	}{
		{"two", 2, func(i int) netip.Addr { return netip.AddrFrom4([4]byte{20, byte(i), 0, 1}) }, false},
		{"three", 3, func(i int) netip.Addr { return netip.AddrFrom4([4]byte{20, byte(i), 0, 1}) }, true},
		{"six in two subnets", 6, func(i int) netip.Addr { return netip.AddrFrom4([4]byte{20, 0, byte(i % 2), byte(i + 1)}) }, false},
		{"three in one local subnet", 3, func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}) }, true},
		{"three of IPv6", 3, func(i int) netip.Addr { return netip.AddrFrom16([16]byte{0x20, 1, 0, byte(i)}) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNetwork(t, 65)
			for i := range c.peers + 1 {
				nd := n.add(nil)
				nd.move(netip.AddrPortFrom(c.at(i), 4100))
				if i > 0 {
					nd.e.cfg.Bootstrap[0] = n.nodes[0].address
				}
				nd.join()
			}
			p := n.nodes[c.peers]
			p.provide("a")
			p.move(netip.AddrPortFrom(c.at(99), 4100))
			p.closest(randomTarget(n.rnd))
			n.run(30 * time.Minute)
			if got := n.entryOf(p, "a").Peer == p.address; got != c.changes {
				t.Errorf("the entry names the new address: %v, want %v", got, c.changes)
			}
		})
	}
}

// A provider that restarts at another address publishes what it provides again.
func TestProviderRestartsElsewhere(t *testing.T) {
	n := newNetwork(t, 66)
	n.grow(12, nil)
	p := n.add(func(c *Config) { c.Durable = true })
	p.join()
	p.provide("a")
	p.up = false
	n.run(time.Minute)
	p.move(netip.MustParseAddrPort("99.4.0.1:4100"))
	p.boot()
	p.join()
	n.until(30*time.Second, "the new address", func() bool { return n.entryOf(p, "a").Peer == p.address })
}

// A node of both families is seen at two addresses, and that is no change.
func TestBothFamiliesAreNoChange(t *testing.T) {
	var e Engine
	e.cfg.Endpoint = netip.MustParseAddrPort("[::]:4100")
	e.own = &ownAddress{inquiry: noInquiry, seen: []sighting{
		{by: peerKind{local: true, four: false}, at: netip.MustParseAddrPort("[fd00::1]:1")},
		{by: peerKind{four: true}, at: netip.MustParseAddrPort("192.0.2.1:1")},
	}}
	if got := e.Observed(); got != e.own.seen[1].at {
		t.Errorf("of a local and a public address %v is taken", got)
	}
	e.own.seen = append(e.own.seen, sighting{by: peerKind{}, at: netip.MustParseAddrPort("[2001:db8::1]:1")})
	if got := e.Observed(); got != e.own.seen[2].at {
		t.Errorf("of two public addresses %v is taken, and it listens on IPv6", got)
	}
}
