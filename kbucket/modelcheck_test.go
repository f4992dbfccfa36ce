package kbucket

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kadmium/identity"
)

// tell is a table in the words of model.String.
func tell(t *Table) string {
	var s strings.Builder
	line := 0
	flush := func(upTo int) {
		for ; line < upTo; line++ {
			if line < len(t.buckets) && t.buckets[line].replacements > 0 {
				fmt.Fprintf(&s, "%d: waiting %v\n", line, replacementsOf(t, line))
			}
		}
	}
	t.Each(func(c identity.Contact, seen time.Time, failures, bucket int) {
		flush(bucket)
		fmt.Fprintf(&s, "%d: %d seen %v failures %d\n", bucket, c, seen, failures)
	})
	flush(len(t.buckets))
	return s.String()
}

func replacementsOf(t *Table, bucket int) (all []identity.Contact) {
	for _, w := range t.waitingFor(&t.buckets[bucket]) {
		all = append(all, w.contact())
	}
	return all
}

// A world is a table, the model beside it, and the peers both hear of.
type world struct {
	table    *Table
	model    *model
	now      time.Time
	book     *testBook
	contacts []identity.Contact
}

func newWorld(t *rapid.T) *world {
	l := limits{
		k:               rapid.IntRange(1, 5).Draw(t, "k"),
		replacements:    rapid.IntRange(1, 4).Draw(t, "replacements"),
		perSubnetBucket: rapid.IntRange(1, 3).Draw(t, "perSubnetBucket"),
		perSubnetTable:  rapid.IntRange(1, 6).Draw(t, "perSubnetTable"),
	}
	rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	w := &world{book: &testBook{}, now: start}
	self := randomPosition(rnd)
	// Few peers in few buckets, at few addresses each, so that they meet.
	depths := []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 5, 31, 32, 40, 200, 254, 255, identity.Bits}
	for range rapid.IntRange(1, 40).Draw(t, "peers") {
		p := inBucket(rnd, &self, depths[rnd.IntN(len(depths))])
		for range 1 + rnd.IntN(3) {
			ip := netip.AddrFrom4([4]byte{[]byte{9, 10, 127, 9}[rnd.IntN(4)], 1, byte(rnd.IntN(4)), byte(rnd.IntN(256))})
			if rnd.IntN(4) == 0 {
				ip = netip.AddrFrom16([16]byte{0x20, 1, 0, byte(rnd.IntN(2)), 0, byte(rnd.IntN(2)), byte(rnd.IntN(256)), 15: 1})
			}
			w.contacts = append(w.contacts, w.book.addAt(p, ip))
		}
	}
	w.table, w.model = New(self, w.book, l.k), newModel(self, w.book, l)
	w.table.limits = l
	if w.model.found = rapid.Bool().Draw(t, "onlyFound"); w.model.found {
		w.table.Follow(onlyFound{})
	}
	return w
}

// onlyFound is Plain, but free places are kept for contacts that the node finds.
type onlyFound struct{ Plain }

func (onlyFound) OnlyFound() bool { return true }

func (w *world) contact(t *rapid.T) identity.Contact {
	return rapid.SampledFrom(w.contacts).Draw(t, "contact")
}

func (w *world) target(t *rapid.T) *identity.Position {
	if rapid.Bool().Draw(t, "atContact") {
		return w.book.Position(w.contact(t))
	}
	rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "target"), 0))
	p := inBucket(rnd, &w.table.self, rapid.SampledFrom([]int{0, 1, 2, 3, 6, 33, 41, 199, 255, 256}).Draw(t, "cpl"))
	return &p
}

func same[T comparable](t *rapid.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// check compares all that can be asked without changing anything.
func (w *world) check(t *rapid.T) {
	same(t, "table", tell(w.table), w.model.String())
	next, cpl := w.model.NextRefresh()
	same(t, "NextRefresh", w.table.NextRefresh(), next)
	due, ok := w.table.RefreshDue(w.now)
	same(t, "RefreshDue", ok, !next.IsZero() && !next.After(w.now))
	if ok {
		same(t, "RefreshDue's bucket", due, cpl)
	}
	same(t, "Farther", len(slices.Collect(w.table.Farther())), max(w.model.deepest(), 0))
	for n := 1; n < 30; n += 4 {
		same(t, "Subtree", w.table.Subtree(n), w.model.Subtree(n))
	}
	for _, cpl := range []int{0, 1, 2, 5, 40, 255} {
		same(t, "Free", w.table.Free(cpl), w.model.Free(cpl))
	}
	held, handles := 0, 0
	for _, contacts := range w.model.held {
		held += len(contacts)
	}
	same(t, "Len", w.table.Len(), held)
	for _, waiting := range w.model.waiting {
		held += len(waiting)
	}
	held += len(w.model.kept)
	vacant := 0
	for _, n := range w.model.vacant {
		vacant += n
	}
	same(t, "Vacant", w.table.Vacant(), vacant)
	same(t, "Kept", w.table.Kept(), len(w.model.kept))
	cells := 0
	w.table.EachHandle(func(c identity.Contact) {
		handles++
		if w.table.subnetOf(c).limited {
			cells++
		}
	})
	same(t, "EachHandle", handles, held)
	if w.table.subnets != nil {
		full := false // a cell, which counts no more
		for _, two := range w.table.subnets {
			cells -= int(two&saturated) + int(two>>4)
			full = full || two&saturated == saturated || two>>4 == saturated
		}
		if !full {
			same(t, "contacts counted less those in cells", cells, 0)
		}
	}
}

// Whatever happens in whatever order, the table is what the model is.
func TestTableIsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		seen := func(t *rapid.T) {
			for range rapid.IntRange(1, 5).Draw(t, "contacts") {
				c := w.contact(t)
				same(t, "Seen", w.table.Seen(w.now, c), w.model.Seen(w.now, c, false))
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"seen": seen, "seen again": seen, "seen once more": seen, // what happens most
			"spoke first": func(t *rapid.T) {
				for range rapid.IntRange(1, 5).Draw(t, "contacts") {
					c := w.contact(t)
					same(t, "SpokeFirst", w.table.SpokeFirst(w.now, c), w.model.Seen(w.now, c, true))
				}
			},
			"named": func(t *rapid.T) {
				c := w.contact(t)
				w.table.Named(c)
				w.model.Named(c)
			},
			"searched": func(t *rapid.T) {
				i := min(w.model.bucket(w.contact(t)), identity.Bits-1)
				same(t, "Searched", w.table.Searched(i), w.model.Searched(i))
			},
			"a place is kept": func(t *rapid.T) {
				for range rapid.IntRange(1, 5).Draw(t, "places") {
					c := w.contact(t)
					same(t, "Keep", w.table.Keep(w.now, c), w.model.Keep(w.now, c))
				}
			},
			"failed": func(t *rapid.T) {
				c := w.contact(t)
				evicted, promoted := w.table.Failed(c)
				wantEvicted, wantPromoted := w.model.Failed(c)
				same(t, "Failed", evicted, wantEvicted)
				same(t, "promoted", promoted, wantPromoted)
			},
			"doubted": func(t *rapid.T) {
				c := w.contact(t)
				same(t, "Doubt", w.table.Doubt(c), w.model.Doubt(c))
			},
			"removed": func(t *rapid.T) {
				c := w.contact(t)
				removed, promoted := w.table.Remove(c)
				wantRemoved, wantPromoted := w.model.Remove(c)
				same(t, "Remove", removed, wantRemoved)
				same(t, "promoted", promoted, wantPromoted)
			},
			"replaced": func(t *rapid.T) {
				old, new := w.contact(t), w.contact(t)
				if held, ok := w.table.Find(w.book.Position(new)); ok && rapid.Bool().Draw(t, "asMeant") {
					old = held
				}
				same(t, "Replace", w.table.Replace(old, new), w.model.Replace(old, new))
			},
			"probe": func(t *rapid.T) {
				c := w.contact(t)
				oldest, ok := w.table.Probe(w.now, c)
				wantOldest, wantOK := w.model.Probe(w.now, c)
				same(t, "Probe", ok, wantOK)
				same(t, "Probe's contact", oldest, wantOldest)
			},
			"found": func(t *rapid.T) {
				c := w.contact(t)
				got, ok := w.table.Find(w.book.Position(c))
				at := w.model.indexHeld(c)
				same(t, "Find", ok, at >= 0)
				if ok {
					same(t, "Find's contact", got, w.model.held[w.model.bucket(c)][at].c)
				}
			},
			"looked up": func(t *rapid.T) {
				target := w.target(t)
				w.table.LookedUp(w.now, target)
				w.model.LookedUp(w.now, target)
			},
			"covered": func(t *rapid.T) {
				cpl := rapid.IntRange(-1, 41).Draw(t, "cpl")
				w.table.Covered(w.now, cpl)
				w.model.Covered(w.now, cpl)
			},
			"nearest": func(t *rapid.T) {
				target, n := w.target(t), rapid.IntRange(-1, 30).Draw(t, "n")
				if got, want := w.table.Nearest(nil, target, n), w.model.Nearest(target, max(n, 0), false); !slices.Equal(got, want) {
					t.Fatalf("Nearest: got %v, want %v", got, want)
				}
				if got, want := w.table.NearestAny(nil, target, n), w.model.Nearest(target, max(n, 0), true); !slices.Equal(got, want) {
					t.Fatalf("NearestAny: got %v, want %v", got, want)
				}
			},
			"time passes": func(t *rapid.T) {
				w.now = w.now.Add(time.Duration(rapid.Int64Range(0, int64(40*time.Minute)).Draw(t, "for")))
			},
			"a moment passes": func(t *rapid.T) {
				w.now = w.now.Add(time.Duration(rapid.Int64Range(0, int64(40*time.Second)).Draw(t, "for")))
			},
			"": w.check,
		})
	})
}
