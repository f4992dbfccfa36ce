package lookup

import (
	"math"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
)

// ruled is a lookup in a world of 300 nodes that follows a rule.
func ruled(seed uint64, cfg Config, rule func(Config) Rule) *run {
	w := newWorld(300, DefaultK, seed)
	cfg.Rule = rule
	return (&run{w: w, cfg: cfg, searcher: 7, target: w.randomPosition()}).start(new(Lookup))
}

// everySecond asks only every second contact.
type everySecond struct {
	Plain
	seen map[identity.Contact]bool // whom it has decided on: asks or not
}

func (r everySecond) Next(v View) *Candidate {
	for c := range v.Candidates() {
		if !c.Unasked() {
			continue
		}
		if ask, decided := r.seen[c.Contact()]; !decided {
			r.seen[c.Contact()] = len(r.seen)%2 == 0
		} else if !ask {
			continue
		}
		if r.seen[c.Contact()] {
			return c
		}
	}
	return nil
}

// A rule that leaves contacts unasked ends all the same, though Plain.Over waits for
// their answers: nobody is waited for, and nobody is asked.
func TestRuleThatAsksTooFewEnds(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		plain := ruled(seed, Config{}, nil).finish()
		r := ruled(seed, Config{}, func(Config) Rule { return everySecond{seen: map[identity.Contact]bool{}} }).finish()
		wantRequests(t, r, 0, 0, r.madeUp)
		if r.missed() == 0 || plain.missed() != 0 {
			t.Errorf("missed %d of the closest, want some; Plain %d", r.missed(), plain.missed())
		}
		if r.l.Complete() || !plain.l.Complete() {
			t.Errorf("complete %v, Plain %v: want that it left out some of the closest", r.l.Complete(), plain.l.Complete())
		}
	})
}

// answeredAgain names candidates that have answered already.
type answeredAgain struct{ Plain }

func (answeredAgain) Next(v View) *Candidate {
	for c := range v.Candidates() {
		if c.Answered() {
			return c
		}
	}
	return Plain{}.Next(v)
}

func (answeredAgain) Over(View) bool { return false }

// No rule can have a contact asked twice, nor keep a lookup that asks nobody.
func TestRuleCannotAskTwice(t *testing.T) {
	r := ruled(1, Config{}, func(Config) Rule { return answeredAgain{} }).finish()
	wantRequests(t, r, 0, 0, r.madeUp)
	if reason, _ := r.l.Done(); reason != Exhausted || len(r.asked) != DefaultAlpha {
		t.Errorf("%d requests, %v, want the first %d and the end", len(r.asked), reason, DefaultAlpha)
	}
}

// halves takes every second contact of an answer, starts with 30 and returns 5.
type halves struct{ Plain }

func (halves) Seeds(k int) int { return k + 10 }

func (halves) Take(_ View, _ *Candidate, named []identity.Contact) (taken []identity.Contact) {
	for i := 0; i < len(named); i += 2 {
		taken = append(taken, named[i])
	}
	return taken
}

func (halves) Results(View) int { return 5 }

// A rule decides how many seeds a lookup has, what is taken, and what is returned.
func TestRuleTakesAndReturns(t *testing.T) {
	w := newWorld(300, DefaultK, 1)
	target := w.randomPosition()
	near := w.truth(&target, 50, 1)
	l := New(epoch, Config{Rule: func(Config) Rule { return halves{} }}, w, w.positions[0], target, near[20:40])
	if l.Seeds() != DefaultK+10 {
		t.Fatalf("%d seeds, want 10 more than k", l.Seeds())
	}
	l.Seed(near[20:50])
	ask := func() (asked []identity.Contact) {
		for c, ok := l.Next(epoch); ok; c, ok = l.Next(epoch) {
			asked = append(asked, c)
		}
		return asked
	}
	asked := ask()
	l.Answered(epoch, asked[0], near[:20])
	if step := l.Events(); step[len(step)-1].New != 10 {
		t.Errorf("took %d of 20, want half of them", step[len(step)-1].New)
	}
	for asked = append(asked[1:], ask()...); len(asked) > 0; asked = append(asked[1:], ask()...) {
		l.Answered(epoch, asked[0], nil)
	}
	if got, want := l.Closest(nil), []identity.Contact{near[0], near[2], near[4], near[6], near[8]}; !slices.Equal(got, want) {
		t.Errorf("returned %v, want %v", got, want)
	}
}

// impatient waits for late contacts until a second has passed since they were asked.
type impatient struct{ Plain }

func (impatient) Over(v View) bool {
	for c := range v.Candidates() {
		if c.InFlight() || c.Unasked() || c.Late() && v.Elapsed() < c.Sent()+time.Second {
			return false
		}
	}
	return true
}

func (impatient) Wake(v View) (first time.Duration) {
	for c := range v.Candidates() {
		if end := c.Sent() + time.Second; c.Late() && end > v.Elapsed() && (first == 0 || end < first) {
			first = end
		}
	}
	return first
}

// A rule is asked again at the time that it named, and may end the lookup then.
func TestRuleWakes(t *testing.T) {
	w := newWorld(10, 3, 1)
	l := New(epoch, Config{K: 3, Rule: func(Config) Rule { return impatient{} }}, w, w.positions[0], w.positions[5], w.truth(&w.positions[5], 3, 1))
	at := func(ms int) time.Time { return epoch.Add(time.Duration(ms) * time.Millisecond) }
	var asked []identity.Contact
	for c, ok := l.Next(at(0)); ok; c, ok = l.Next(at(0)) {
		asked = append(asked, c)
	}
	if !l.WakeAt().IsZero() {
		t.Fatalf("wants to be woken at %v before anybody is late", l.WakeAt())
	}
	l.Answered(at(50), asked[0], nil)
	l.SetAside(at(200), asked[1])
	l.Answered(at(250), asked[2], nil)
	if !l.WakeAt().Equal(at(1000)) {
		t.Fatalf("wants to be woken at %v, want a second after the request", l.WakeAt())
	}
	if l.Wake(at(900)); l.reason != 0 {
		t.Fatal("ended before the second was over")
	}
	l.Wake(at(1000))
	if reason, done := l.Done(); !done || reason != Exhausted || !l.WakeAt().IsZero() {
		t.Errorf("at one second: %v, and to be woken at %v", reason, l.WakeAt())
	}
}

// Each disjoint path has a rule of its own, with the path's candidates and its share of
// alpha.
func TestRuleOfEachPath(t *testing.T) {
	made := 0
	r := ruled(1, Config{DisjointPaths: 3, Alpha: 6}, func(cfg Config) Rule { made++; return counting{n: new(int), cfg: cfg} })
	if made != 3 {
		t.Fatalf("%d rules made, want one a path", made)
	}
	r.ask()
	for p := range 3 {
		if n := *r.l.paths[p].rule.(counting).n; n != 2 {
			t.Errorf("path %d asked %d, want its share of alpha: 2", p, n)
		}
	}
}

type counting struct {
	Plain
	n   *int
	cfg Config
}

func (r counting) Next(v View) *Candidate {
	mine := 0
	for range v.Candidates() {
		mine++
	}
	if *r.n++; mine > (DefaultK+2)/3 || r.cfg.Alpha != 6 || v.Alpha() != 2 {
		panic("not the candidates or the share of one path")
	}
	return r.Plain.Next(v)
}

// A region caps what it asks by octaves of distance within the k closest of n nodes,
// keeps some of each octave's share back for its burst, then chosen by a keyed hash, and
// ends when all that it chose within the region have answered or failed. It is here since
// a rule against many identities needs all of that of the seam.
type region struct {
	Plain
	radius uint64 // as Candidate.Near
	key    uint64
	burst  bool
	chosen map[identity.Contact]bool // that are asked, once the burst has begun
}

func newRegion(n, k int) func(Config) Rule {
	return func(cfg Config) Rule {
		return &region{radius: uint64(float64(k) / float64(n) * math.MaxUint64), key: cfg.Searcher.Random()}
	}
}

// octave is 0 for the outer half of the region; the sixth is the rest. -1: outside.
func (r *region) octave(c *Candidate) int {
	for o := range 6 {
		if half := r.radius >> (o + 1); c.Near() <= r.radius && (c.Near() > half || o == 5) {
			return o
		}
	}
	return -1
}

// room is how many of octave o are asked in all, or before the burst.
func (r *region) room(v View, o int) int {
	lambda := float64(v.K()) / float64(int(2)<<min(o, 4))
	if !r.burst {
		return int(math.Ceil(lambda))
	}
	return int(lambda + 3.1*math.Sqrt(lambda) + 1.5)
}

func (r *region) allowed(v View, c *Candidate) bool {
	o, asked := r.octave(c), 0
	for other := range v.Candidates() {
		if !other.Unasked() && r.octave(other) == o {
			asked++
		}
	}
	return o < 0 || asked < r.room(v, o) && (!r.burst || r.chosen[c.Contact()])
}

// choose fills the octaves at the burst, by the hash and not by who is nearest.
func (r *region) choose(v View) {
	r.burst, r.chosen = true, map[identity.Contact]bool{}
	left := [6]int{}
	var unasked []*Candidate
	for o := range left {
		left[o] = r.room(v, o)
	}
	for c := range v.Candidates() {
		switch o := r.octave(c); {
		case o >= 0 && c.Unasked():
			unasked = append(unasked, c)
		case o >= 0:
			left[o]--
		}
	}
	hash := func(c *Candidate) uint64 { return (uint64(c.Contact()) ^ r.key) * 0x9e3779b97f4a7c15 }
	slices.SortFunc(unasked, func(a, b *Candidate) int { return int(hash(a)>>32) - int(hash(b)>>32) })
	for _, c := range unasked {
		if o := r.octave(c); left[o] > 0 {
			left[o]--
			r.chosen[c.Contact()] = true
		}
	}
}

func (r *region) Burst(v View) bool {
	if !r.burst && r.Plain.Burst(v) {
		r.choose(v)
	}
	return r.burst
}

func (r *region) Next(v View) *Candidate {
	n := 0
	for c := range v.Candidates() {
		if c.Unasked() && r.allowed(v, c) && (n < v.K() || r.burst && r.chosen[c.Contact()]) {
			return c
		}
		if c.Answered() {
			n++
		}
	}
	return nil
}

func (r *region) Over(v View) bool {
	for c := range v.Candidates() {
		if c.InFlight() || c.Unasked() && r.chosen[c.Contact()] {
			return false
		}
	}
	return r.burst
}

type stubSearcher struct{}

func (stubSearcher) RTT(identity.Contact) time.Duration { return 0 }
func (stubSearcher) HasFailed(identity.Contact) bool    { return false }

func (stubSearcher) Random() uint64 { return 42 }

// With 45 identities packed into one octave the region asks no more of it than its cap,
// and among honest nodes it finds what Plain finds.
func TestRuleOfARegion(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		r := ruled(seed, Config{Searcher: stubSearcher{}}, newRegion(300, DefaultK)).finish()
		if wantRequests(t, r, 0, 0, r.madeUp); r.missed() > 2 {
			t.Errorf("%d of the closest were missed\n%s", r.missed(), r.l)
		}
		w := newWorld(300, DefaultK, seed)
		var packed []identity.Contact // at distances 2^-8 to 2^-7, in the fourth and fifth octave of 20/300
		r = &run{w: w, cfg: Config{Searcher: stubSearcher{}, Rule: newRegion(300, DefaultK)}, searcher: 7, target: w.randomPosition()}
		for range 45 {
			packed = append(packed, w.add(identity.RandomInRange(&r.target, 7, w.randomPosition()), publicAddress(1<<22+uint32(len(packed)))))
		}
		r.answer = func(c identity.Contact) []identity.Contact {
			if w.isNode(c) {
				return w.nearest(slices.Concat(r.honest(c), packed), &r.target, DefaultK)
			}
			return packed
		}
		r.silent = func(identity.Contact) bool { return false }
		r.start(new(Lookup)).finish()
		wantRequests(t, r, 1, 10, r.madeUp)
	})
}
