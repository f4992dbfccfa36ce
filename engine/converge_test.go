package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

func ids(n *network, contacts []identity.Contact) []string {
	var names []string
	for _, c := range contacts {
		names = append(names, n.at[n.book.Address(c).Endpoint].name)
	}
	return names
}

func namesOf(nodes []*node) []string {
	var names []string
	for _, nd := range nodes {
		names = append(names, nd.name)
	}
	return names
}

func randomTarget(rnd *rand.Rand) (p identity.Position) {
	for i := range p {
		p[i] = byte(rnd.Uint32())
	}
	return p
}

// Every lookup of each of 50 nodes returns exactly the true 20 closest; puts reach 20
// holders; with half of the nodes down, every value is still found.
func TestFiftyNodesConverge(t *testing.T) {
	n := newNetwork(t, 1)
	n.grow(50, nil)
	n.run(10 * time.Second)
	for _, nd := range n.nodes {
		for range 3 {
			target := randomTarget(n.rnd)
			r := nd.closest(target)
			if r.Err != nil {
				t.Fatalf("node %s: %v", nd.name, r.Err)
			}
			if got, want := ids(n, r.Contacts), namesOf(n.nearest(target, 20, nd)); !slices.Equal(got, want) {
				t.Fatalf("node %s found %v, the closest are %v\n%s", nd.name, got, want, nd.e.Table())
			}
		}
	}
	keys := make([]string, 20)
	for i := range keys {
		keys[i] = fmt.Sprintf("/v/key %d", i)
		r := n.nodes[i].put(PutQuery{Key: []byte(keys[i]), Value: []byte("value")})
		if r.Err != nil || r.Holders != 20 {
			t.Fatalf("put %d: %d holders, %v", i, r.Holders, r.Err)
		}
		got, want := namesOf(n.holders(keys[i])), namesOf(n.nearest(identity.KeyPosition([]byte(keys[i])), 20, nil))
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%s is held by %v, the closest are %v", keys[i], got, want)
		}
	}
	for i, nd := range n.nodes {
		if r := nd.get(keys[i%len(keys)], 0); r.Err != nil || string(r.Record.Value) != "value" {
			t.Fatalf("node %s: get: %v", nd.name, r.Err)
		}
	}
	for _, i := range n.rnd.Perm(50)[:25] {
		n.nodes[i].up = false
	}
	for i, nd := range n.live() {
		for _, key := range keys {
			if r := nd.get(key, 0); r.Err != nil {
				t.Fatalf("with half of the nodes down, node %d cannot get %s: %v", i, key, r.Err)
			}
		}
	}
}

// With 10 % of the messages lost, duplicated and reordered, at least 99 % of the lookups
// return the closest node that is up, and 99 % of the gets the value.
func TestLossyNetwork(t *testing.T) {
	n := newNetwork(t, 2)
	n.grow(50, nil)
	chance := func() bool { return n.rnd.Float64() < 0.1 }
	n.lose = func(*node, *node, *rpc.Message) bool { return chance() }
	n.twice = chance
	n.late = func() time.Duration {
		if chance() {
			return time.Duration(n.rnd.IntN(60)) * time.Millisecond // overtaken by several
		}
		return 0
	}
	const tries = 300
	closest, found := 0, 0
	for i := range tries {
		nd := n.nodes[n.rnd.IntN(len(n.nodes))]
		target := randomTarget(n.rnd)
		r := nd.closest(target)
		if len(r.Contacts) > 0 && ids(n, r.Contacts[:1])[0] == n.nearest(target, 1, nd)[0].name {
			closest++
		}
		key := fmt.Sprintf("/v/%d", i)
		if r := nd.put(PutQuery{Key: []byte(key), Value: []byte(key)}); r.Err != nil {
			t.Errorf("put: %v", r.Err)
		}
		if r := n.nodes[n.rnd.IntN(len(n.nodes))].get(key, 0); r.Err == nil && string(r.Record.Value) == key {
			found++
		}
	}
	t.Logf("of %d: %d lookups returned the closest node, %d gets the value", tries, closest, found)
	if closest < tries*99/100 || found < tries*99/100 {
		t.Errorf("of %d, only %d lookups returned the closest node and %d gets the value", tries, closest, found)
	}
}

// When all peers are unresponsive a lookup ends within its deadline, and the table is not
// emptied.
func TestAllSilent(t *testing.T) {
	n := newNetwork(t, 3)
	n.grow(30, nil)
	nd := n.nodes[7]
	before := nd.e.Table().Len()
	n.lose = func(*node, *node, *rpc.Message) bool { return true }
	began := n.now
	r := nd.closest(randomTarget(n.rnd))
	if r.Err == nil || n.now.Sub(began) > LookupTimeout {
		t.Errorf("ended after %v with %v", n.now.Sub(began), r.Err)
	}
	if after := nd.e.Table().Len(); after != before {
		t.Errorf("%d contacts before, %d after", before, after)
	}
}

// When a quarter of a network has failed at once, lookups still return k nodes that are
// up, although the nearest k that a node knows no longer suffice. They may miss a node
// that only tables without failed contacts would name.
func TestAQuarterDies(t *testing.T) {
	n := newNetwork(t, 11)
	n.grow(48, nil)
	n.run(time.Minute)
	for i := range 12 {
		n.nodes[4*i+3].up = false
	}
	missed := 0
	for i := range 12 {
		nd := n.nodes[4*i]
		target := randomTarget(n.rnd)
		got, want := ids(n, nd.closest(target).Contacts), namesOf(n.nearest(target, 20, nd))
		if len(got) != 20 {
			t.Errorf("node %s found %d", nd.name, len(got))
		}
		for _, name := range want {
			if !slices.Contains(got, name) {
				missed++
			}
		}
	}
	if missed > 2 {
		t.Errorf("%d of the nearest that live were missed", missed)
	}
}
