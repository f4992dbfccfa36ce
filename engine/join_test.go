package engine

import (
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// knows reports whether a node has another in its table, replacements included.
func (nd *node) knows(other *node) (found bool) {
	c := nd.n.book.Intern(other.address)
	nd.e.table.EachHandle(func(held identity.Contact) { found = found || held == c })
	return found
}

// After a join each of the k closest neighbours knows the newcomer, even if a first
// contact, which changes nothing at its receiver (design R3.1), was all that it had
// received from it (design R7.6).
func TestNeighboursKnowTheNewcomer(t *testing.T) {
	n := newNetwork(t, 74)
	n.grow(60, func(c *Config) { c.K = 6 })
	for range 5 {
		nd := n.add(func(c *Config) { c.K = 6 })
		if r := nd.join(); r.Err != nil {
			t.Fatal(r.Err)
		}
		for _, neighbour := range n.nearest(nd.cfg.Self.Position(), 6, nd) {
			if !neighbour.knows(nd) {
				t.Errorf("node %s does not know the newcomer %s", neighbour.name, nd.name)
			}
		}
	}
}

// A peer that was asked under a session knows the newcomer by that, and gets no further
// PING. One that was met by a first contact gets one. A client tells nobody.
func TestOnlyWhoWasMetIsTold(t *testing.T) {
	for _, mode := range []Mode{Server, Client} {
		n := newNetwork(t, 75)
		n.grow(15, nil) // fewer than k: nothing is filled, so no more PINGs are sent
		nd := n.add(func(c *Config) { c.Mode = mode })
		pings, firstContacts := make(map[*node]int), make(map[*node]bool)
		nd.sent = func(f Effect) {
			to := n.at[n.book.Address(f.To).Endpoint]
			switch {
			case f.Message.Type == rpc.Ping && n.now.After(epoch) && f.Op == nd.lastOp:
				pings[to]++
			case !to.proven[nd.address]:
				firstContacts[to] = true
			}
		}
		first := n.nodes[0]
		n.now = n.now.Add(time.Second)
		if r := nd.join(); r.Err != nil {
			t.Fatal(r.Err)
		}
		delete(firstContacts, first) // met by the PING of the join, then asked under the session
		pings[first]--
		for _, other := range n.nodes[:15] {
			want := 0
			if mode == Server && firstContacts[other] {
				want = 1
			}
			if pings[other] != want {
				t.Errorf("node %s, met by a first contact: %v, was pinged %d times", other.name, firstContacts[other], pings[other])
			}
			if mode == Server && !contactsOf(other)[nd.address.ID] {
				t.Errorf("node %s does not know the newcomer", other.name)
			}
		}
		if len(firstContacts) < 13 {
			t.Errorf("only %d were met by a first contact", len(firstContacts))
		}
	}
}
