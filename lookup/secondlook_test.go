package lookup

import (
	"slices"
	"testing"

	"kadmium/identity"
)

// amongLiars are lookups in a world where half of the nodes name each other alone. It tells how
// many returned the closest honest node, and their requests.
func amongLiars(liars func(identity.Contact) bool, rule func(Config) Rule) (found, requests float64) {
	const nodes, lookups = 2000, 100
	w := newWorld(nodes, DefaultK, 5)
	var all, lying, truthful []identity.Contact
	for i := range nodes {
		all = append(all, identity.Contact(i+1))
	}
	for _, c := range all {
		if liars(c) {
			lying = append(lying, c)
		} else {
			truthful = append(truthful, c)
		}
	}
	var l Lookup
	for i := range lookups {
		r := &run{w: w, searcher: 2, target: w.randomPosition(), cfg: Config{Rule: rule, Size: nodes, Searcher: regionSearcher{uint64(i)}}}
		r.answer = func(c identity.Contact) []identity.Contact {
			if liars(c) {
				return w.nearest(lying, &r.target, w.k, c)
			}
			return r.honest(c)
		}
		r.start(&l)
		r.l.Seed(w.nearest(w.table(r.searcher), &r.target, r.cfg.Seeds(), r.searcher))
		r.finish()
		if slices.Contains(l.Closest(nil), w.nearest(truthful, &r.target, 1, r.searcher)[0]) {
			found += 1. / lookups
		}
		requests += float64(len(r.asked)) / lookups
	}
	return found, requests
}

// Where half of all nodes name each other alone a lookup that ends among them looks again
// (design R5.28), for few requests.
func TestSecondLook(t *testing.T) {
	if racing {
		t.Skip("runs in one goroutine")
	}
	half := func(c identity.Contact) bool { return c%2 == 1 }
	noLook := func(cfg Config) Rule {
		r := NewRegion(cfg).(*Region)
		r.look.steps = lookSteps + 1
		return r
	}
	nobody := func(identity.Contact) bool { return false }
	_, before := amongLiars(nobody, noLook)
	found, after := amongLiars(nobody, NewRegion)
	if after > 1.02*before || found < 1 {
		t.Errorf("without liars: %.3f found, %.1f requests, without the look %.1f", found, after, before)
	}
	without, _ := amongLiars(half, noLook)
	found, requests := amongLiars(half, NewRegion)
	t.Logf("closest honest node found: %.2f, without the look %.2f; %.1f requests, without liars %.1f", found, without, requests, after)
	if found < 0.98 || without > 0.97 || requests > 1.5*after {
		t.Errorf("closest honest node found: %.2f, without the look %.2f; %.1f requests, without liars %.1f", found, without, requests, after)
	}
}

// A pool's identities stand in the last octave, more than may be asked. Who of it was named by
// somebody else is mostly asked nevertheless (design R5.20).
func TestPoolInOneOctave(t *testing.T) {
	found := 0
	eachSeed(t, func(t *testing.T, seed uint64) {
		const nodes = 500
		w := newWorld(nodes, DefaultK, seed)
		r := &run{w: w, searcher: 7, target: w.randomPosition(), cfg: Config{Rule: NewRegion, Size: nodes, Searcher: regionSearcher{seed}}}
		var pool []identity.Contact
		for i := range DefaultK {
			pool = append(pool, w.at(&r.target, 20./nodes/32*(0.1+0.01*float64(i))))
		}
		beside := w.at(&r.target, 20./nodes/32*0.15) // honest nodes name it
		r.silent = func(identity.Contact) bool { return false }
		r.answer = func(c identity.Contact) []identity.Contact {
			switch {
			case c%5 == 0 && w.isNode(c), slices.Contains(pool, c):
				return slices.Clone(pool)
			case c == beside:
				return w.truth(&r.target, w.k, r.searcher)
			}
			return w.nearest(append(r.honest(c), beside), &r.target, w.k, r.searcher)
		}
		r.start(new(Lookup)).finish()
		asked := 0
		for _, c := range r.asked {
			if slices.Contains(pool, c) {
				asked++
			}
		}
		if asked > capOf(DefaultK, octaves-1) {
			t.Errorf("seed %d: %d of the pool were asked", seed, asked)
		}
		if slices.Contains(r.l.Closest(nil), beside) {
			found++
		}
	})
	if found < 18 { // one in six, if chance chose among all
		t.Errorf("the honest node beside the pool was found %d times of 20", found)
	}
}
