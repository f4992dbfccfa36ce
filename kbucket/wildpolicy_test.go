package kbucket

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kadmium/identity"
)

// wild returns whatever comes, within bounds or not.
type wild struct{ rnd *rand.Rand }

func (w wild) number() int {
	all := []int{0, 1, -1, math.MinInt, math.MaxInt, MaxK, MaxK + 1}
	if i := w.rnd.IntN(3 * len(all)); i < len(all) {
		return all[i]
	}
	return w.rnd.IntN(8)
}

func (w wild) Places(int, Room) Room    { return Room{w.number(), w.number()} }
func (w wild) Displace(View) int        { return w.number() }
func (w wild) Probe(View) int           { return w.number() }
func (w wild) Evict(View, int) bool     { return w.rnd.IntN(4) == 0 }
func (w wild) Promote(View) int         { return w.number() }
func (w wild) OnlyFound() bool          { return w.rnd.IntN(2) == 0 }
func (w wild) Prefers(int, uint32) bool { return w.rnd.IntN(2) == 0 }

// A policy that returns anything breaks nothing: each peer is there once, no list is longer
// than MaxK, subnets keep to their limits, and the table counts right.
func TestWildPoliciesDoNoHarm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.table.Follow(wild{rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "policy"), 0))})
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "events"), 0))
		for range rapid.IntRange(1, 400).Draw(t, "steps") {
			c := w.contacts[rnd.IntN(len(w.contacts))]
			switch rnd.IntN(16) {
			default:
				if w.table.Seen(w.now, c) != Waiting {
					break
				}
				if out, waits, ok := w.table.Displace(w.now, c); ok {
					if _, held := w.table.Find(w.book.Position(out)); held || waits && w.table.Waiting(w.model.bucket(out)) == 0 {
						t.Fatalf("%d was displaced, and is there: %v, or does not wait", out, held)
					}
				}
			case 0:
				w.table.Failed(c)
			case 1:
				w.table.Doubt(c)
			case 2:
				w.table.Silent(c)
			case 3:
				w.table.Remove(c)
			case 4:
				w.table.Replace(w.contacts[rnd.IntN(len(w.contacts))], c)
			case 5:
				w.table.Probe(w.now, c)
			case 7:
				w.table.Keep(w.now, c)
			case 8, 9:
				w.table.SpokeFirst(w.now, c)
			case 10:
				w.table.Named(c)
			case 11:
				w.table.Searched(w.model.bucket(c))
			case 6:
				w.now = w.now.Add(time.Duration(rnd.Int64N(int64(time.Hour))))
			}
			w.wantBounded(t)
		}
	})
}

// wantBounded fails unless the table is within its bounds.
func (w *world) wantBounded(t *rapid.T) {
	subnets, peers := map[netip.Prefix]int{}, map[identity.Position]bool{}
	count, failing := 0, 0
	once := func(c identity.Contact, in map[netip.Prefix]int) {
		if p := *w.book.Position(c); peers[p] {
			t.Fatalf("the peer of %d is there twice", c)
		} else {
			peers[p] = true
		}
		if s := w.table.subnetOf(c); s.limited {
			in[s.prefix]++
		}
	}
	for cpl := range w.table.buckets {
		b, inBucket := &w.table.buckets[cpl], map[netip.Prefix]int{}
		contacts, waiting := w.table.of(b), w.table.waitingFor(b)
		if len(contacts) > MaxK || len(waiting) > MaxK {
			t.Fatalf("bucket %d has %d contacts and %d that wait", cpl, len(contacts), len(waiting))
		}
		for _, e := range contacts {
			once(e.contact(), inBucket)
			count++
			if e.failing() {
				failing++
			}
		}
		for s, n := range inBucket {
			subnets[s] += n
		}
		for _, r := range waiting {
			once(r.contact(), inBucket)
		}
		for s, n := range inBucket {
			if n > w.table.limits.perSubnetBucket {
				t.Fatalf("%d of %v in bucket %d", n, s, cpl)
			}
		}
		if free := w.table.Free(cpl); free < 0 || free > MaxK {
			t.Fatalf("%d places are free", free)
		}
	}
	for s, n := range subnets {
		if n > w.table.limits.perSubnetTable {
			t.Fatalf("%d of %v in the table", n, s)
		}
	}
	if w.table.Len() != count || w.table.Answering() != count-failing {
		t.Fatalf("counts %d contacts, %d answering, and has %d and %d", w.table.Len(), w.table.Answering(), count, count-failing)
	}
	if n := len(w.table.NearestAny(nil, &w.table.self, math.MaxInt)); n != len(peers) {
		t.Fatalf("names %d of %d", n, len(peers))
	}
}
