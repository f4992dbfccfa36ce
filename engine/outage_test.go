package engine

import (
	"net/netip"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/kbucket"
	"kadmium/rpc"
)

func contactsOf(nd *node) map[identity.ID]bool {
	all := make(map[identity.ID]bool)
	nd.e.Table().Each(func(c identity.Contact, _ time.Time, _, _ int) { all[nd.n.book.Address(c).ID] = true })
	return all
}

// A one-minute outage of a node's own link, in the middle of its lookups, removes nobody
// from its table, although every full bucket has replacements.
func TestOutageLosesNobody(t *testing.T) {
	n := newNetwork(t, 9)
	n.grow(60, func(c *Config) {
		c.K = 8
		c.Table = func() kbucket.Policy { return kbucket.Plain{} } // nobody leaves for a newcomer
	})
	nd := n.nodes[10]
	dark := false
	n.lose = func(from, to *node, _ *rpc.Message) bool { return dark && (from == nd || to == nd) }
	look := func(times int) {
		for range times {
			target := randomTarget(n.rnd)
			nd.begin(func(op OpID) []Effect { return nd.e.Closest(n.now, op, target, nil) })
			n.run(500 * time.Millisecond)
		}
	}
	look(20)
	before := contactsOf(nd)
	dark = true
	look(120)
	dark = false
	look(20)
	n.run(30 * time.Second)
	after := contactsOf(nd)
	for id := range before {
		if !after[id] {
			t.Errorf("%s was lost", id.Short())
		}
	}
	if len(before) < 20 {
		t.Fatalf("only %d contacts", len(before))
	}
}

// A contact that has really failed leaves the table: at once if there is a replacement,
// and otherwise after five failures, even at a node with no other traffic.
func TestDeadContactLeaves(t *testing.T) {
	n := newNetwork(t, 10)
	n.grow(5, nil)
	nd, failed := n.nodes[0], n.nodes[3]
	failed.up = false
	for range 5 {
		r := nd.operate(func(op OpID) []Effect { return nd.e.Ping(n.now, op, failed.address, nil) })
		if r.Err != ErrNoAnswer {
			t.Fatal(r.Err)
		}
		n.run(time.Minute)
	}
	if contactsOf(nd)[failed.address.ID] {
		t.Errorf("the failed contact is still there:\n%s", nd.e.Table())
	}
}

// A peer behind a NAT that rebinds its port is found again within one lookup.
func TestRebind(t *testing.T) {
	n := newNetwork(t, 11)
	n.grow(12, nil)
	nd, moved := n.nodes[2], n.nodes[7]
	delete(n.at, moved.address.Endpoint)
	moved.address.Endpoint = netip.AddrPortFrom(moved.address.Endpoint.Addr(), 9999)
	n.at[moved.address.Endpoint] = moved
	for _, other := range n.nodes { // sessions outlive the rebinding, but the new address is not proven
		delete(other.proven, moved.address)
	}
	if r := moved.closest(nd.address.ID.Position()); r.Err != nil {
		t.Fatal(r.Err)
	}
	n.run(time.Second)
	r := nd.operate(func(op OpID) []Effect { return nd.e.FindPeer(n.now, op, moved.address.ID, nil) })
	if r.Err != nil || n.book.Address(r.Peer) != moved.address {
		t.Errorf("found at %v, %v", n.book.Address(r.Peer), r.Err)
	}
}

// A peer restarted with the same key and an empty table is back in the network within one
// lookup.
func TestRestartedPeer(t *testing.T) {
	n := newNetwork(t, 12)
	n.grow(12, nil)
	nd, again := n.nodes[2], n.nodes[7]
	again.up = false
	n.run(time.Minute)
	again.boot()
	if r := again.join(); r.Err != nil {
		t.Fatal(r.Err)
	}
	r := nd.operate(func(op OpID) []Effect { return nd.e.FindPeer(n.now, op, again.address.ID, nil) })
	if r.Err != nil {
		t.Error(r.Err)
	}
}

// A node that is alone tries its bootstrap list again by itself.
func TestAloneRejoins(t *testing.T) {
	n := newNetwork(t, 13)
	first := n.add(nil)
	first.up = false
	nd := n.add(nil)
	if r := nd.join(); r.Err != ErrNoAnswer {
		t.Fatalf("joined nobody with %v", r.Err)
	}
	first.boot()
	n.until(2*time.Minute, "joining again", func() bool { return nd.e.Table().Len() == 1 })
}

// A newcomer joins next to contacts that have just failed and that everybody still names,
// without waiting for each of them in each of its lookups.
func TestJoinBesideTheDead(t *testing.T) {
	n := newNetwork(t, 25)
	n.grow(30, nil)
	for _, nd := range n.nodes[10:20] {
		nd.up = false
	}
	began := n.now
	n.grow(1, nil)
	if took := n.now.Sub(began); took > 10*time.Second {
		t.Errorf("joining took %v", took)
	}
	began = n.now
	if r := n.nodes[30].closest(randomTarget(n.rnd)); r.Err != nil {
		t.Fatal(r.Err)
	}
	if took := n.now.Sub(began); took > time.Second {
		t.Errorf("the next lookup took %v", took)
	}
}

// Unresponsive peers leave the table of a node with little traffic even where timeouts
// are long, whether it is one or several. Their silence for some seconds is not an
// outage.
func TestDeadContactsOfSlowLinksLeave(t *testing.T) {
	for _, latency := range []time.Duration{10, 50, 100, 150, 200, 400, 600} {
		for failing := 1; failing <= 3; failing++ {
			n := newNetwork(t, 12)
			n.latency = latency * time.Millisecond
			n.grow(8, nil)
			nd := n.nodes[0]
			ping := func(to *node) {
				nd.begin(func(op OpID) []Effect { return nd.e.Ping(n.now, op, to.address, nil) })
			}
			for range 4 {
				for _, other := range n.nodes[1:] {
					ping(other)
				}
				n.run(5 * time.Second)
			}
			for i, failed := range n.nodes[2 : 2+failing] {
				failed.up = false
				ping(failed)
				n.run(time.Duration(i) * time.Second)
			}
			n.run(20 * time.Minute)
			for _, failed := range n.nodes[2 : 2+failing] {
				if contactsOf(nd)[failed.address.ID] {
					t.Errorf("latency %v, %d failed: one is still there after %d probes", n.latency, failing, nd.e.counters.Probes)
				}
			}
		}
	}
}
