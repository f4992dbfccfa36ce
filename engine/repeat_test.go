package engine

import (
	"slices"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
)

// A lookup that is told of nobody near its target is repeated, once, and asks nobody twice;
// the repeat finds who was hidden. One that finds what is to be expected is not.
func TestRepeatFindsWhatWasHidden(t *testing.T) {
	n := newNetwork(t, 3)
	n.grow(300, nil)
	n.run(10 * time.Second)
	asker := n.nodes[7]
	repeated := func() uint64 { return asker.e.Stats().Counters.Repeated }
	for i := range 20 {
		if r := asker.closest(randomTarget(n.rnd)); r.Err != nil || repeated() != 0 {
			t.Fatalf("lookup %d: %v, repeated %d times", i, r.Err, repeated())
		}
	}
	for _, hidden := range []bool{true, false} {
		target := asker.e.cfg.Position
		target[0] ^= 0x80 // of the other half: the table has few of its neighbours
		target[1] ^= byte(len(n.nodes))
		before := repeated()
		n.forge = func(from, to *node, m *rpc.Message) {
			if to == asker && m.Response && (repeated() == before || hidden) {
				m.Contacts = slices.DeleteFunc(slices.Clone(m.Contacts), func(c identity.Contact) bool {
					return identity.CommonPrefixLen(&target, n.book.Position(c)) >= 3
				})
			}
		}
		r := asker.closest(target)
		n.forge = nil
		if repeated() != before+1 {
			t.Fatalf("repeated %d times, want once\n%+v", repeated()-before, r.Density)
		}
		asked := map[identity.Contact]bool{}
		for _, s := range r.Trace {
			if s.Kind == lookup.Asked && asked[s.Contact] {
				t.Errorf("%d was asked twice", s.Contact)
			}
			asked[s.Contact] = asked[s.Contact] || s.Kind == lookup.Asked
			if s.Kind == lookup.Asked && s.Round > r.Lookup.Rounds {
				t.Errorf("%d was asked in round %d of %d", s.Contact, s.Round, r.Lookup.Rounds)
			}
		}
		if last := r.Trace[len(r.Trace)-1]; last.Kind != lookup.Ended || last.Round != r.Lookup.Rounds || len(asked)-1 != r.Lookup.RPCs {
			t.Errorf("the trace ends with %v, and has %d requests of %d", last.Kind, len(asked)-1, r.Lookup.RPCs)
		}
		found := 0
		for _, nd := range n.nearest(target, 20, asker) {
			if slices.ContainsFunc(r.Contacts, func(c identity.Contact) bool { return n.book.Address(c).ID == nd.address.ID }) {
				found++
			}
		}
		t.Logf("hidden from all requests: %v; %d of the 20 closest found", hidden, found)
		if hidden && !r.Density.Sparse || !hidden && (found != 20 || r.Density.Sparse) {
			t.Errorf("hidden %v: found %d of 20, sparse %v", hidden, found, r.Density.Sparse)
		}
	}
	if a := len(asker.e.activities); a != 0 {
		t.Errorf("%d activities are left", a)
	}
}

// A repeat ends with its operation.
func TestRepeatIsCancelled(t *testing.T) {
	n := newNetwork(t, 3)
	n.grow(300, nil)
	n.run(10 * time.Second)
	asker := n.nodes[7]
	target := asker.e.cfg.Position
	target[0] ^= 0x80
	n.forge = func(_, to *node, m *rpc.Message) {
		if to == asker && m.Response {
			m.Contacts = nil
		}
	}
	op := asker.begin(func(op OpID) []Effect {
		return asker.e.Closest(n.now, op, target, nil)
	})
	n.until(time.Minute, "the repeat", func() bool { return asker.e.Stats().Counters.Repeated == 1 })
	asker.run(asker.e.Cancel(n.now, op, nil))
	if s := asker.e.Stats(); s.Operations != 0 || s.ActiveLookups != 0 || len(asker.e.activities) != 0 {
		t.Errorf("after it %d operations, %d lookups, %d activities", s.Operations, s.ActiveLookups, len(asker.e.activities))
	}
}
