package lookup

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kadmium/identity"
)

// wild returns whatever comes, within bounds or not.
type wild struct {
	rnd  *rand.Rand
	kept []*Candidate       // of earlier views
	all  []identity.Contact // that were named to it
}

func newWild(seed uint64) *wild { return &wild{rnd: rand.New(rand.NewPCG(seed, 0))} }

// number is one of those that are likely to do harm, or a small one.
func (w *wild) number() int {
	all := []int{0, 1, -1, math.MinInt, math.MaxInt, DefaultK, DefaultK + 1, CandidatesPerK * DefaultK}
	if i := w.rnd.IntN(2 * len(all)); i < len(all) {
		return all[i]
	}
	return w.rnd.IntN(60)
}

func (w *wild) Seeds(int) int   { return w.number() }
func (w *wild) Alpha(View) int  { return w.number() }
func (w *wild) Burst(View) bool { return w.rnd.IntN(3) == 0 }
func (w *wild) Over(View) bool  { return w.rnd.IntN(12) == 0 }
func (w *wild) Results(View) int {
	return w.number()
}

func (w *wild) Patient() bool { return w.rnd.IntN(2) == 0 }

func (w *wild) Wake(v View) time.Duration {
	switch w.rnd.IntN(4) {
	case 0:
		return v.Elapsed() + 1
	case 1:
		return time.Duration(w.number())
	}
	return time.Duration(w.rnd.Int64N(int64(time.Minute)))
}

// Take returns some of the contacts, some twice, some that others named, and some that
// there are not.
func (w *wild) Take(_ View, _ *Candidate, named []identity.Contact) []identity.Contact {
	w.all = append(w.all, named...)
	named = append(named, 0, math.MaxUint32)
	for range w.rnd.IntN(4) {
		named = append(named, named[w.rnd.IntN(len(named))])
		if len(w.all) > 0 {
			named = append(named, w.all[w.rnd.IntN(len(w.all))])
		}
	}
	w.rnd.Shuffle(len(named), func(i, j int) { named[i], named[j] = named[j], named[i] })
	return named[w.rnd.IntN(len(named)):]
}

// Next returns one of the view, of an earlier view, or none of any.
func (w *wild) Next(v View) *Candidate {
	var all []*Candidate
	for c := range v.Candidates() {
		all = append(all, c)
	}
	if w.rnd.IntN(4) == 0 {
		w.kept = append(w.kept, all...)
	}
	switch w.rnd.IntN(5) {
	case 0:
		return new(Candidate)
	case 1:
		if len(w.kept) > 0 {
			return w.kept[w.rnd.IntN(len(w.kept))]
		}
	case 2:
		return Plain{}.Next(v)
	case 3:
		return nil
	}
	return all[w.rnd.IntN(len(all))]
}

// A rule that returns anything breaks nothing: no contact is asked twice, all that were
// named are contacts of the network, the lookup ends, and what it returns has answered.
func TestWildRulesDoNoHarm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		rnd := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(100, 4, seed)
		cfg := Config{K: 4, Alpha: 1 + rnd.IntN(4), DisjointPaths: 1 + rnd.IntN(3), Rule: func(Config) Rule {
			if rnd.IntN(20) == 0 {
				return nil
			}
			return newWild(rnd.Uint64())
		}}
		r := &run{w: w, cfg: cfg, searcher: 7, target: w.randomPosition(), latency: func() float64 { return rnd.Float64() * 2 }}
		r.silent = func(c identity.Contact) bool { return c%5 == 0 }
		r.start(new(Lookup))
		near := w.truth(&r.target, 60, r.searcher)
		if n := r.l.Seeds(); n < 4 || n > 4*CandidatesPerK {
			t.Fatalf("starts with %d contacts", n)
		}
		if n := cfg.Seeds(); n < 4 || n > 4*CandidatesPerK {
			t.Fatalf("says that it starts with %d contacts", n)
		}
		r.l.Seed(near[40:])
		r.l.Refill(func() []identity.Contact { return near[:10] })
		r.finish()
		for _, c := range r.asked {
			if !w.isNode(c) || c == r.searcher {
				t.Fatalf("asked %d", c)
			}
		}
		if sorted := slices.Sorted(slices.Values(r.asked)); len(slices.Compact(sorted)) != len(r.asked) {
			t.Fatalf("a contact was asked twice: %v", r.asked)
		}
		heard := 0
		for i := range r.l.list.entries {
			if r.l.list.entries[i].state == answered {
				heard++
			}
		}
		got := r.l.Closest(nil)
		if len(got) == 0 && heard > 0 || len(got) > heard || len(r.l.ClosestK(nil)) != min(4, heard) {
			t.Fatalf("returned %d, and %d of the k, of %d that answered", len(got), len(r.l.ClosestK(nil)), heard)
		}
		for _, c := range got {
			if _, ok := r.answeredAt[c]; !ok {
				t.Fatalf("returned %d, which has not answered", c)
			}
		}
	})
}

// sleepless wants to be woken at once, or names another time whenever it is asked.
type sleepless struct {
	Plain
	asked *int
	past  bool
}

func (s sleepless) Wake(v View) time.Duration {
	*s.asked++
	if s.past && *s.asked%2 == 0 {
		return time.Hour
	}
	return v.Elapsed() + 1
}

// However soon a rule wants to be woken, a millisecond passes before, and who is asked
// twice for the time is asked the same.
func TestRulesAreNotWokenWithoutEnd(t *testing.T) {
	for _, past := range []bool{false, true} {
		w := newWorld(10, 3, 1)
		asked := 0
		l := New(epoch, Config{K: 3, Rule: func(Config) Rule { return sleepless{asked: &asked, past: past} }}, w, w.positions[0], w.positions[5], w.truth(&w.positions[5], 3, 1))
		now, woken := epoch, 0
		for _, ok := l.Next(now); ok; _, ok = l.Next(now) {
		}
		for at := l.WakeAt(); woken < 10_000 && !at.IsZero() && at.Before(epoch.Add(time.Second)); at = l.WakeAt() {
			if !at.Equal(l.WakeAt()) {
				t.Fatalf("to be woken at %v, and then at %v", at, l.WakeAt())
			}
			now = at
			l.Wake(now)
			woken++
		}
		if woken == 0 || woken > 1000 {
			t.Errorf("woken %d times in a second", woken)
		}
	}
}

// Whoever leaves out contacts that were named, others than itself, does not know whether it
// saw all.
func TestWhoTakesLessIsNotComplete(t *testing.T) {
	const self = 1 // the contact at positions[0]
	w := newWorld(60, 3, 1)
	near := w.truth(&w.positions[5], 9, 1)
	for _, c := range []struct {
		named []identity.Contact
		want  bool
	}{{near[:3], true}, {near[3:6], false}, {nil, true}, {[]identity.Contact{self}, true}} {
		l := New(epoch, Config{K: 3, Rule: func(Config) Rule { return takesNothing{} }}, w, w.positions[0], w.positions[5], near[:3])
		for a, ok := l.Next(epoch); ok; a, ok = l.Next(epoch) {
			l.Answered(epoch, a, slices.Clone(c.named))
		}
		if reason, _ := l.Done(); reason != Converged || l.Complete() != c.want {
			t.Errorf("%v, complete: %v, want %v", reason, l.Complete(), c.want)
		}
	}
}

type takesNothing struct{ Plain }

func (takesNothing) Take(View, *Candidate, []identity.Contact) []identity.Contact { return nil }
