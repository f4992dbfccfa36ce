package p2p

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kadmium/compare/side"
	"kadmium/compare/world"
)

// acquainted is hosts that all have each other in their tables.
func acquainted(t *testing.T, hosts int, spec side.Spec) (*Network, []*Node) {
	t.Helper()
	w := NewNetwork()
	var nodes []*Node
	for i := range hosts {
		spec.Seed = world.Host(4, i)
		n, err := w.Make(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close() })
		nodes = append(nodes, n)
		spec.Bootstrap = []side.Node{nodes[0]}
	}
	await(t, func() bool {
		return !slices.ContainsFunc(nodes, func(n *Node) bool { return len(n.Table()) < hosts-1 })
	})
	return w, nodes
}

func await(t *testing.T, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited 20 s in vain")
		}
	}
}

// Who holds a value is counted once, however often it is sent, and the host that put
// it, which others get it from too, with them. What an operation sent belongs to it
// and to none after it.
func TestHolders(t *testing.T) {
	const hosts = 5
	_, nodes := acquainted(t, hosts, side.Spec{Profile: side.Matched})
	put, err := nodes[1].Put(t.Context(), "name", world.Value(1, "value"))
	if err != nil {
		t.Fatal(err)
	}
	first := put.Counts()
	if first.Holders != hosts || first.Asked != hosts-1 || first.Requests < 2*(hosts-1) {
		t.Errorf("of %d hosts: %+v", hosts, first)
	}
	again, err := nodes[1].Put(t.Context(), "name", world.Value(2, "value"))
	if err != nil {
		t.Fatal(err)
	}
	if got := again.Counts(); got.Holders != hosts {
		t.Errorf("put again: %+v", got)
	}
	if got := put.Counts(); got != first {
		t.Errorf("the first put has %+v after the second, and had %+v", got, first)
	}
	provided, err := nodes[2].Provide(t.Context(), "content")
	if err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return provided.Counts().Holders == hosts }) // is not waited for
	got, err := nodes[3].Get(side.WithHops(t.Context()), "name", 0)
	if err != nil || got.Counts().Holders != 0 || got.Hops != 1 {
		t.Errorf("a get has %+v at hop %d: %v", got.Counts(), got.Hops, err)
	}
}

// A host that only asks hands nothing out, so that its own copy is no holder's.
func TestClientIsNoHolder(t *testing.T) {
	const hosts = 3
	w, nodes := acquainted(t, hosts, side.Spec{Profile: side.Matched})
	client, err := w.Make(t.Context(), side.Spec{Seed: world.Host(5, 0), Client: true, Bootstrap: []side.Node{nodes[0]}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	await(t, func() bool { return len(client.Table()) == hosts })
	put, err := client.Put(t.Context(), "name", world.Value(1, "value"))
	if err != nil {
		t.Fatal(err)
	}
	if got := put.Counts(); got.Holders != hosts {
		t.Errorf("of %d servers: %+v", hosts, got)
	}
}

// What is written down does not grow with the operations: it would be counted as
// libp2p's memory.
func TestLedgerIsBounded(t *testing.T) {
	const hosts = 4
	w, nodes := acquainted(t, hosts, side.Spec{Profile: side.Matched})
	for i := range 50 {
		if _, err := nodes[i%hosts].Put(t.Context(), fmt.Sprint("name ", i), world.Value(1, "value")); err != nil {
			t.Fatal(err)
		}
	}
	w.ledger.mu.Lock()
	defer w.ledger.mu.Unlock()
	if got := len(w.ledger.last); got > hosts {
		t.Errorf("%d operations of %d hosts are kept", got, hosts)
	}
}

// As shipped, the host works on the link as well, over either transport, with and
// without a delay.
func TestProfilesAndTransports(t *testing.T) {
	for _, profile := range []side.Profile{side.Matched, side.Defaults} {
		for _, tcp := range []bool{false, true} {
			for _, delay := range []time.Duration{0, 5 * time.Millisecond} {
				t.Run(fmt.Sprint(profile, " tcp ", tcp, " ", delay), func(t *testing.T) {
					_, nodes := acquainted(t, 3, side.Spec{Profile: profile, TCP: tcp, Delay: delay})
					found, err := nodes[2].Closest(t.Context(), "key")
					if err != nil || len(found.Peers) != 2 {
						t.Fatalf("found %v: %v", found.Peers, err)
					}
					if got := nodes[2].Link().Traffic(); got.In == 0 || got.Out == 0 {
						t.Errorf("nothing passed the link: %+v", got)
					}
				})
			}
		}
	}
}
