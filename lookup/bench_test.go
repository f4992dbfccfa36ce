package lookup

import (
	"testing"

	"kadmium/identity"
)

// A tape is a recorded lookup that can be repeated without a world.
type tape struct {
	searcher identity.Contact
	target   identity.Position
	seeds    []identity.Contact
	answers  []spoken
}

type spoken struct {
	by    identity.Contact
	named []identity.Contact
}

// tapes records lookups among 10,000 nodes; with tags, answers leave out what the
// searcher knows.
func tapes(w *world, n int, tags bool) (all []tape) {
	var l Lookup
	for range n {
		r := &run{w: w, searcher: identity.Contact(1 + w.rnd.IntN(w.n)), target: w.randomPosition()}
		t := tape{searcher: r.searcher, target: r.target, seeds: w.nearest(w.table(r.searcher), &r.target, w.k)}
		r.start(&l)
		r.heard = func(c identity.Contact, named []identity.Contact) {
			if !tags {
				named = r.honest(c)
			}
			t.answers = append(t.answers, spoken{c, named})
		}
		r.finish()
		all = append(all, t)
	}
	return all
}

func (t *tape) play(l *Lookup, w *world) {
	l.Reset(epoch, Config{}, w, *w.Position(t.searcher), t.target, t.seeds)
	for i := range t.answers {
		for _, ok := l.Next(epoch); ok; _, ok = l.Next(epoch) {
		}
		l.Answered(epoch, t.answers[i].by, t.answers[i].named)
	}
}

// BenchmarkLookup is a whole lookup among 10,000 nodes, its whole cost in a simulator
// except the answers: about 23 requests and their outcomes.
func BenchmarkLookup(b *testing.B) {
	w := newWorld(10_000, DefaultK, 1)
	for _, kind := range []struct {
		name string
		tags bool
	}{{"tags", true}, {"whole answers", false}} {
		recorded := tapes(w, 200, kind.tags)
		b.Run(kind.name, func(b *testing.B) {
			b.ReportAllocs()
			var l Lookup
			for i := 0; b.Loop(); i++ {
				recorded[i%len(recorded)].play(&l, w)
				if _, done := l.Done(); !done {
					b.Fatal("not done")
				}
			}
		})
		b.Run(kind.name+", fresh", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				recorded[i%len(recorded)].play(new(Lookup), w)
			}
		})
	}
}

// BenchmarkKnown is the list of contacts that a request lists as tags.
func BenchmarkKnown(b *testing.B) {
	w := newWorld(10_000, DefaultK, 1)
	l := new(Lookup)
	t := tapes(w, 1, true)[0]
	t.play(l, w)
	var dst []identity.Contact
	b.ReportAllocs()
	for b.Loop() {
		dst = l.Known(dst[:0], DefaultK)
	}
}
