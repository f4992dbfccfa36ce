package engine

import (
	"slices"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// A node that was stopped is in the tables of its contacts again, whatever sessions there
// are, and what it had asked before it was stopped counts against nobody.
func TestResume(t *testing.T) {
	n := newNetwork(t, 16)
	n.grow(60, nil)
	nd := n.nodes[7]
	held := nd.e.table.Len()
	nd.begin(func(op OpID) []Effect { return nd.e.Closest(n.now, op, randomTarget(n.rnd), nil) })
	nd.up = false
	for range 5 {
		for _, other := range n.nodes {
			if other != nd {
				other.begin(func(op OpID) []Effect { return other.e.Ping(n.now, op, nd.address, nil) })
			}
		}
		n.run(time.Minute)
	}
	for _, other := range n.nodes { // no session is left
		delete(other.proven, nd.address)
	}
	clear(nd.proven)
	for _, other := range n.nodes {
		if contactsOf(other)[nd.address.ID] {
			t.Fatalf("node %s has it still", other.name)
		}
	}
	nd.up = true
	nd.run(nd.e.Resume(n.now, nil))
	nd.run(nd.e.Resume(n.now, nil)) // a second one adds nothing
	nd.run(nd.e.Tick(n.now, nil))
	n.run(5 * time.Second)
	if now := nd.e.table.Len(); now < held {
		t.Errorf("it had %d contacts, and has %d", held, now)
	}
	missing := 0
	for id := range contactsOf(nd) {
		other := n.nodes[slices.IndexFunc(n.nodes, func(o *node) bool { return o.address.ID == id })]
		c := n.book.Intern(nd.address)
		known := contactsOf(other)[nd.address.ID]
		other.e.table.EachHandle(func(h identity.Contact) { known = known || h == c })
		if !known {
			missing++
		}
	}
	if missing > 0 {
		t.Errorf("%d of its contacts do not know it", missing)
	}
	if nd.e.greeting != nil || nd.e.counters.Requests[rpc.Ping] == 0 {
		t.Error("the greeting has not ended")
	}
}

// A contact that begins a new session with each PING does not keep a greeting from its end:
// the next ones would be left out.
func TestGreetingEnds(t *testing.T) {
	n := newNetwork(t, 17)
	n.grow(6, nil)
	nd := n.nodes[2]
	nd.sent = func(Effect) {
		for _, other := range n.nodes {
			delete(other.proven, nd.address) // they answer by a first response each time
		}
	}
	nd.run(nd.e.Resume(n.now, nil))
	pings := nd.e.counters.Requests[rpc.Ping]
	n.until(10*time.Second, "the end of the greeting", func() bool { return nd.e.greeting == nil })
	if sent := nd.e.counters.Requests[rpc.Ping] - pings; sent > 10 {
		t.Errorf("%d PINGs more", sent)
	}
}
