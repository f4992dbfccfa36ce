package engine

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
)

// A node without a journal that is stopped and started again with its snapshot has what
// it had: it holds and publishes the same, and knows the same contacts to join through.
func TestSnapshotStartsANodeAgain(t *testing.T) {
	n := newNetwork(t, 54)
	n.grow(12, func(c *Config) { c.K = 4 })
	for i, nd := range n.nodes[:6] {
		key := fmt.Appendf(nil, "/v/%d", i)
		if r := nd.put(PutQuery{Key: key, Value: []byte("x")}); r.Err != nil {
			t.Fatal(r.Err)
		}
		nd.operate(func(op OpID) []Effect { return nd.e.Provide(n.now, op, key, false, nil) })
	}
	n.run(time.Hour)
	for _, nd := range n.nodes {
		changes := nd.e.Snapshot()
		again := New(nd.cfg, &n.book, rand.New(rand.NewPCG(1, 2)), n.now)
		for _, c := range changes {
			if err := again.Load(n.now, c); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := again.store.Stats(), nd.e.store.Stats(); got != want || want.Records == 0 {
			t.Errorf("node %s: %+v, want %+v", nd.name, got, want)
		}
		if again.savedContacts() != nd.e.table.Len() || again.table.Len() > 0 {
			t.Errorf("node %s: %d ways back, want %d", nd.name, again.savedContacts(), nd.e.table.Len())
		}
		if !reflect.DeepEqual(again.Snapshot(), changes) { // the contacts of an earlier run outlive a run that ends before it joined
			t.Errorf("node %s: its snapshot is another", nd.name)
		}
	}
}

// A snapshot has the contacts of the table that have not failed.
func TestSnapshotLeavesTheDoubtfulOut(t *testing.T) {
	n := newNetwork(t, 55)
	n.grow(8, nil)
	e := n.nodes[2].e
	var doubtful identity.Contact
	e.table.Each(func(c identity.Contact, _ time.Time, _, _ int) { doubtful = c })
	e.table.Failed(doubtful)
	again := n.add(nil).e
	for _, c := range e.Snapshot() {
		if err := again.Load(n.now, c); err != nil {
			t.Fatal(err)
		}
	}
	if again.savedContacts() != e.table.Len()-1 || slices.Contains(again.store.Table(), n.book.Address(doubtful)) {
		t.Errorf("%v", again.store.Table())
	}
}
