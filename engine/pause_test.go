package engine

import (
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// Where third tries do not pay, a lookup gives a near peer up after 300 ms. That does not
// prove that it is gone: a contact that only paused keeps its place in a full bucket, and
// is not named until the PING that follows; one that is gone loses its place by that PING
// (design R4.11).
func TestPauseIsNoDeath(t *testing.T) {
	for name, gone := range map[string]bool{"paused": false, "gone": true} {
		n := newNetwork(t, 60)
		n.grow(60, func(c *Config) { c.K = 3 })
		nd := n.nodes[7]
		for range 2 { // the first time is a first contact
			for _, other := range n.nodes {
				other.closest(nd.address.ID.Position())
			}
		}
		n.run(time.Minute)
		nd.e.retries = retryPolicy{lost: 40}
		other, contact := fullBucketContact(t, n, nd)
		until := n.now.Add(320 * time.Millisecond)
		n.lose = func(_, to *node, _ *rpc.Message) bool { return to == other && (gone || n.now.Before(until)) }
		nd.closest(other.address.ID.Position())
		n.run(60 * time.Millisecond) // the lookup has not waited for the failure (design R5.27)
		held := func() bool {
			c, ok := nd.e.table.Find(n.book.Position(contact))
			return ok && c == contact
		}
		if !held() {
			t.Errorf("%s: the contact lost its place by a search", name)
		}
		target := other.address.ID.Position()
		if near := nd.e.table.Nearest(nil, &target, 1); len(near) > 0 && near[0] == contact {
			t.Errorf("%s: one in doubt is named", name)
		}
		n.run(10 * time.Second)
		if held() == gone {
			t.Errorf("%s: it has its place: %v", name, !gone)
		}
		if !gone && nd.e.table.Failures(contact) != 0 {
			t.Errorf("%s: it is still in doubt", name)
		}
	}
}

// fullBucketContact is a node in a full bucket of nd's that has replacements, and whose
// round trip time nd has measured.
func fullBucketContact(t *testing.T, n *network, nd *node) (other *node, c identity.Contact) {
	t.Helper()
	held, waited := make(map[identity.Contact]bool), make(map[int]bool)
	nd.e.table.Each(func(contact identity.Contact, _ time.Time, _, _ int) { held[contact] = true })
	nd.e.table.EachHandle(func(contact identity.Contact) {
		if !held[contact] {
			waited[identity.CommonPrefixLen(&nd.e.cfg.Position, n.book.Position(contact))] = true
		}
	})
	nd.e.table.Each(func(contact identity.Contact, _ time.Time, failures, bucket int) {
		if c == 0 && waited[bucket] && failures == 0 && nd.e.rtts.knows(contact) {
			c = contact
		}
	})
	if c == 0 {
		t.Fatalf("no such contact in\n%s", nd.e.table)
	}
	return n.at[n.book.Address(c).Endpoint], c
}
