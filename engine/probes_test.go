package engine

import (
	"slices"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// A contact that failed is pinged until it answers or leaves the table, even if a PING
// was lost in an outage and says nothing.
func TestDoubtOutlivesAnOutage(t *testing.T) {
	n := newNetwork(t, 40)
	n.grow(20, nil)
	nd, shaky := n.nodes[0], n.nodes[7]
	deaf, dark := true, false
	n.lose = func(from, to *node, _ *rpc.Message) bool {
		return deaf && (to == shaky || from == shaky) || dark && (from == nd || to == nd)
	}
	position := shaky.address.ID.Position()
	c, _ := nd.e.table.Find(&position)
	for nd.e.table.Failures(c) < 2 {
		nd.operate(func(op OpID) []Effect { return nd.e.Ping(n.now, op, shaky.address, nil) })
		nd.closest(randomTarget(n.rnd))
	}
	dark = true
	n.run(2 * time.Minute)
	deaf, dark = false, false
	n.run(3 * time.Minute)
	if failures := nd.e.table.Failures(c); failures > 0 {
		t.Errorf("its %d failures were never cleared up", failures)
	}
}

// A replacement that fails is forgotten.
func TestDeadWaiterIsForgotten(t *testing.T) {
	n := newNetwork(t, 41)
	n.grow(30, func(c *Config) { c.K = 3 })
	nd := n.nodes[0]
	waiting := func() map[identity.Contact]bool {
		all := make(map[identity.Contact]bool)
		nd.e.table.EachHandle(func(c identity.Contact) { all[c] = true })
		nd.e.table.Each(func(c identity.Contact, _ time.Time, _, _ int) { delete(all, c) })
		return all
	}
	for failed := range waiting() {
		a := n.book.Address(failed)
		n.at[a.Endpoint].up = false
		if r := nd.operate(func(op OpID) []Effect { return nd.e.Ping(n.now, op, a, nil) }); r.Err != ErrNoAnswer {
			t.Fatal(r.Err)
		}
		if waiting()[failed] {
			t.Error("it waits on")
		}
		return
	}
	t.Fatal("nobody waits")
}

// A node all of whose contacts are gone, although its table is not empty, tries its
// bootstrap list again and finds the node that is there now.
func TestSilenceIsSolitude(t *testing.T) {
	n := newNetwork(t, 42)
	seed := n.add(nil)
	nd := n.add(func(c *Config) { c.Bootstrap = []identity.Address{{Endpoint: seed.address.Endpoint}} })
	if r := nd.join(); r.Err != nil {
		t.Fatal(r.Err)
	}
	seed.up = false
	again := n.add(func(c *Config) { c.Bootstrap = nil })
	delete(n.at, again.address.Endpoint)
	again.address.Endpoint = seed.address.Endpoint
	n.at[seed.address.Endpoint] = again
	n.until(2*time.Hour, "joining again", func() bool { return contactsOf(nd)[again.address.ID] })
}

// A path slower than the first timeout is measured, even if it was faster before, and
// nothing is then sent twice.
func TestSlowPathIsMeasured(t *testing.T) {
	for _, fast := range []bool{false, true} {
		n := newNetwork(t, 43)
		n.grow(3, nil)
		nd, far := n.nodes[0], n.nodes[2]
		ping := func() *Result {
			return nd.operate(func(op OpID) []Effect { return nd.e.Ping(n.now, op, far.address, nil) })
		}
		if nd.e.rtts = (roundTrips{}); fast {
			ping()
		}
		n.latency = 450 * time.Millisecond
		for range 8 {
			ping()
		}
		before := nd.e.Stats().Counters.Retransmissions
		for range 4 {
			if r := ping(); r.Err != nil {
				t.Errorf("fast before: %v: %v", fast, r.Err)
			}
		}
		if again := nd.e.Stats().Counters.Retransmissions - before; again > 0 {
			t.Errorf("fast before: %v: %d of 4 pings were sent again", fast, again)
		}
	}
}

// A node all of whose contacts are locked out asks them nevertheless (design R4.14).
func TestLockedOutAreAskedIfNobodyElseIsKnown(t *testing.T) {
	n := newNetwork(t, 43)
	n.grow(6, nil)
	e := n.nodes[2].e
	var known []identity.Contact
	e.table.Each(func(c identity.Contact, _ time.Time, _, _ int) { known = append(known, c) })
	for _, c := range known {
		e.table.Failed(c)
		e.table.Failed(c)
	}
	var asked []identity.Contact
	for _, f := range e.Closest(n.now, 1<<20, randomTarget(n.rnd), nil) {
		if f.Kind == SendRequest {
			asked = append(asked, f.To)
		}
	}
	if len(asked) != e.cfg.Alpha || slices.ContainsFunc(asked, func(c identity.Contact) bool { return !slices.Contains(known, c) }) {
		t.Errorf("asked %v of %v", asked, known)
	}
}
