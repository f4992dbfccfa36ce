package lookup

import (
	"slices"
	"time"

	"kadmium/identity"
)

// Times of a run, in round trips: until a contact that does not answer is set aside, and
// until all its tries have failed.
const (
	asideAfter = 1.5
	failAfter  = 7
)

// A run drives a lookup through a world in virtual time. Its unit is the mean
// round trip.
type run struct {
	w        *world
	cfg      Config
	searcher identity.Contact
	target   identity.Position
	latency  func() float64 // of one request; 1 if nil
	// answer is the answer of c, from which the run removes what the tags list; nil: an
	// honest answer.
	answer func(c identity.Contact) []identity.Contact
	silent func(c identity.Contact) bool                      // nil: only contacts that were made up
	heard  func(c identity.Contact, named []identity.Contact) // may be nil

	l          *Lookup
	clock      float64
	asked      []identity.Contact
	answeredAt map[identity.Contact]float64
	sent       int // contacts in answers
	due        []flight
}

// A flight is what is to happen at a time: an answer comes, or does not.
type flight struct {
	at    float64
	kind  Kind
	c     identity.Contact
	known []identity.Contact
}

// honest is the answer of an honest node: the k closest of its table but for the
// asker.
func (r *run) honest(c identity.Contact) []identity.Contact {
	return r.w.nearest(r.w.table(c), &r.target, r.w.k, r.searcher)
}

// start begins the lookup in the memory of l, with the k closest of the
// searcher's table.
func (r *run) start(l *Lookup) *run {
	if r.answer == nil {
		r.answer = r.honest
	}
	if r.silent == nil {
		r.silent = func(c identity.Contact) bool { return !r.w.isNode(c) }
	}
	if r.latency == nil {
		r.latency = func() float64 { return 1 }
	}
	r.l, r.answeredAt = l, map[identity.Contact]float64{}
	seeds := r.w.nearest(r.w.table(r.searcher), &r.target, r.w.k)
	l.Reset(epoch, r.cfg, r.w, *r.w.Position(r.searcher), r.target, seeds)
	return r
}

// finish runs to the end of the lookup.
func (r *run) finish() *run {
	for r.ask(); ; r.ask() {
		if _, done := r.l.Done(); done {
			return r
		}
		if len(r.due) == 0 {
			panic("the lookup waits for nobody and has not ended:\n" + r.l.String())
		}
		r.step()
	}
}

func (r *run) ask() {
	for c, ok := r.l.Next(r.now()); ok; c, ok = r.l.Next(r.now()) {
		r.asked = append(r.asked, c)
		known := r.l.Known(nil, r.w.k)
		latency := r.latency()
		if silent := r.silent(c); silent || latency > asideAfter {
			r.due = append(r.due, flight{at: r.clock + asideAfter, kind: SetAside, c: c})
			if silent {
				r.due = append(r.due, flight{at: r.clock + failAfter, kind: Failed, c: c})
				continue
			}
		}
		r.due = append(r.due, flight{at: r.clock + latency, kind: Answered, c: c, known: known})
	}
}

func (r *run) step() {
	first := 0
	for i := range r.due {
		if r.due[i].at < r.due[first].at {
			first = i
		}
	}
	f := r.due[first]
	r.due = slices.Delete(r.due, first, first+1)
	r.clock = f.at
	switch f.kind {
	case SetAside:
		r.l.SetAside(r.now(), f.c)
	case Failed:
		r.l.Failed(r.now(), f.c)
	case Answered:
		r.answeredAt[f.c] = r.clock
		named := slices.DeleteFunc(r.answer(f.c), func(c identity.Contact) bool {
			return r.w.isNode(f.c) && slices.ContainsFunc(f.known, func(k identity.Contact) bool { return *r.w.Position(k) == *r.w.Position(c) })
		})
		r.sent += len(named)
		if r.heard != nil {
			r.heard(f.c, named)
		}
		r.l.Answered(r.now(), f.c, named)
	}
}

func (r *run) now() time.Time { return epoch.Add(time.Duration(r.clock * float64(time.Second))) }

// missed is how many of the k closest nodes the lookup did not return.
func (r *run) missed() (n int) {
	got := r.l.Closest(nil)
	for _, c := range r.w.truth(&r.target, r.w.k, r.searcher) {
		if !slices.ContainsFunc(got, func(g identity.Contact) bool { return *r.w.Position(g) == *r.w.Position(c) }) {
			n++
		}
	}
	return n
}
