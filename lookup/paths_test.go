package lookup

import (
	"slices"
	"testing"

	"kadmium/identity"
)

// hidden looks up a node among 1,000, of which half collude: they name, instead of it,
// contacts nearer to it than all other nodes, which answer and name one another. It
// returns the number of lookups in which the node answered all the same.
func hidden(paths int) (lookups, found int) {
	for seed := range uint64(60) {
		w := newWorld(1000, DefaultK, seed+1)
		sought := identity.Contact(1 + w.rnd.IntN(w.n))
		r := &run{w: w, cfg: Config{DisjointPaths: paths}, searcher: 7, target: *w.Position(sought)}
		if sought == r.searcher || slices.Contains(w.table(r.searcher), sought) {
			continue
		}
		lookups++
		var league []identity.Contact
		for range 2 * DefaultK {
			league = append(league, w.fabricate(&r.target))
		}
		r.silent = func(identity.Contact) bool { return false }
		r.answer = func(c identity.Contact) []identity.Contact {
			if w.isNode(c) && c%2 != 0 || c == sought {
				return r.honest(c)
			}
			return w.nearest(league, &r.target, DefaultK)
		}
		r.start(new(Lookup)).finish()
		if slices.Contains(r.l.Closest(nil), sought) {
			found++
		}
	}
	return lookups, found
}

// S/Kademlia, section 4.4: with more disjoint paths it takes more liars to hide a
// node.
func TestPathsFindWhatLiarsHide(t *testing.T) {
	lookups, one := hidden(1)
	_, four := hidden(4)
	t.Logf("of %d found with 1 path: %d, with 4: %d", lookups, one, four)
	if four < one+5 {
		t.Errorf("of %d lookups %d found the node with 4 paths, %d with one; want at least 5 more", lookups, four, one)
	}
}

// What one path asks no other asks again, and what the paths find together is what
// one path finds.
func TestPathsAskNobodyTwice(t *testing.T) {
	w := newWorld(1000, DefaultK, 1)
	for _, paths := range []int{2, 3, MaxPaths, MaxPaths + 1} {
		r := &run{w: w, cfg: Config{DisjointPaths: paths}, searcher: 7, target: w.randomPosition()}
		r.start(new(Lookup)).finish()
		wantRequests(t, r, 0, 0, r.madeUp)
		wantTruth(t, r)
	}
}
