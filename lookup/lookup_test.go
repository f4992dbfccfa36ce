package lookup

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
)

// A fifth of all nodes is unresponsive, which no table shows yet, and a tenth of the
// others is slow. No unresponsive node is returned, and the closest responsive one always
// is. Some of the k closest responsive nodes are missed: those beyond the k closest of
// all, which would be named only by tables without the unresponsive ones.
func TestUnresponsiveAndSlowPeers(t *testing.T) {
	w := newWorld(1000, DefaultK, 1)
	dead := func(c identity.Contact) bool { return c%5 == 0 }
	const lookups = 200
	missed := 0
	var l Lookup
	for range lookups {
		r := &run{w: w, searcher: 7, target: w.randomPosition(), silent: dead}
		r.latency = func() float64 {
			if w.rnd.IntN(10) == 0 {
				return 3
			}
			return 1
		}
		r.start(&l).finish()
		closest := l.Closest(nil)
		live := slices.DeleteFunc(w.truth(&r.target, 2*DefaultK, r.searcher), dead)[:DefaultK]
		if slices.ContainsFunc(closest, dead) || closest[0] != live[0] {
			t.Fatalf("returned %v, the closest live are %v\n%s", closest, live, &l)
		}
		for _, c := range live {
			if !slices.Contains(closest, c) {
				missed++
			}
		}
	}
	t.Logf("%d of %d missed", missed, lookups*DefaultK)
	if missed > lookups*DefaultK/20 {
		t.Errorf("%d of %d live contacts were missed, want at most a twentieth", missed, lookups*DefaultK)
	}
}

// No more than alpha requests count at a time, until the closest known answered.
func TestAlpha(t *testing.T) {
	w := newWorld(1000, DefaultK, 1)
	for alpha := 1; alpha <= 4; alpha++ {
		r := &run{w: w, cfg: Config{Alpha: alpha}, searcher: 7, target: w.randomPosition()}
		r.start(new(Lookup))
		for range 3 * alpha {
			r.ask()
			if n := r.l.paths[0].inFlight; n > alpha {
				t.Errorf("alpha %d: %d in flight", alpha, n)
			}
			if len(r.due) == 0 {
				break
			}
			r.step()
		}
	}
}

// Reset forgets the lookup before it, and reuses its memory without an allocation.
func TestResetAllocatesNothing(t *testing.T) {
	w := newWorld(1000, DefaultK, 1)
	recorded := tapes(w, 20, true)
	var l Lookup
	for i := range recorded {
		recorded[i].play(&l, w)
		l.Events()
	}
	i := 0
	if n := testing.AllocsPerRun(100, func() {
		recorded[i%len(recorded)].play(&l, w)
		l.Events()
		i++
	}); n != 0 {
		t.Errorf("%v allocations in a lookup that was reset", n)
	}
}

// Events returns each step once: of each request the asking and the outcome, and then
// the end.
func TestEvents(t *testing.T) {
	w := newWorld(1000, DefaultK, 1)
	r := (&run{w: w, searcher: 7, target: w.randomPosition()}).start(new(Lookup))
	count := map[Kind]int{}
	var last Event
	drain := func() {
		for _, e := range r.l.Events() {
			if e.At.Before(last.At) {
				t.Errorf("an event of %v after one of %v", e.At, last.At)
			}
			if e.Kind == Answered && e.Elapsed != time.Second {
				t.Errorf("answered after %v, want the round trip of 1s", e.Elapsed)
			}
			count[e.Kind]++
			last = e
		}
	}
	for done := false; !done; _, done = r.l.Done() {
		r.ask()
		drain()
		r.step()
		drain()
	}
	s := r.l.Stats()
	if count[Asked] != s.RPCs || count[Answered] != s.Answered || count[Ended] != 1 {
		t.Errorf("%v, want those of %+v", count, s)
	}
	if last.Kind != Ended || last.Reason != Converged || last.Hop != s.Hops || last.Round != s.Rounds || !last.At.Equal(s.Ended) {
		t.Errorf("the last is %+v, want the end of %+v", last, s)
	}
	if events := r.l.Events(); len(events) != 0 {
		t.Errorf("%v told twice", events)
	}
}

// The answer that ends a search is a step like any other, before what it found and
// the end.
func TestSatisfied(t *testing.T) {
	var book identity.Contacts
	a := book.Intern(identity.Address{ID: identity.ID{1}, Endpoint: netip.MustParseAddrPort("9.0.0.1:1")})
	b := book.Intern(identity.Address{ID: identity.ID{2}, Endpoint: netip.MustParseAddrPort("9.0.0.2:1")})
	now := time.Unix(0, 0)
	l := New(now, Config{}, &book, identity.Position{}, identity.Position{1}, []identity.Contact{a, b})
	for {
		if _, ok := l.Next(now); !ok {
			break
		}
	}
	l.Satisfied(now.Add(time.Second), b, nil, b)
	var kinds []Kind
	for _, e := range l.Events() {
		kinds = append(kinds, e.Kind)
	}
	if want := []Kind{Asked, Asked, Answered, Found, Ended}; !slices.Equal(kinds, want) {
		t.Errorf("steps %v, want %v", kinds, want)
	}
	if reason, done := l.Done(); !done || reason != Satisfied || l.Stats().Answered != 1 || l.Stats().Hops != 1 {
		t.Errorf("ended %v, %+v", reason, l.Stats())
	}
}
