package lookup

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
)

// epoch is when tests start.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func randomPosition(rnd *rand.Rand) (p identity.Position) {
	for i := range p {
		p[i] = byte(rnd.Uint32())
	}
	return p
}

// figures are means over lookups in the static model.
type figures struct {
	lookups                         int
	hops, rpcs, rounds, sent, after float64
	missed                          int // of the k closest
	maxAfter                        float64
}

// runStatic makes lookups between random nodes and targets in a network where
// everybody has an ideal table, answers at once after one round trip, and leaves out what the
// asker's tags list. latency is a request's, in any unit with mean 1.
func runStatic(w *world, cfg Config, lookups int, latency func() float64, rnd *rand.Rand) figures {
	var f figures
	type flight struct {
		at float64
		c  identity.Contact
	}
	var l Lookup
	for range lookups {
		self := identity.Contact(1 + rnd.IntN(len(w.positions)))
		target := randomPosition(rnd)
		seeds := w.nearest(w.table(self, rnd), &target, w.k)
		l.Reset(epoch, cfg, w, *w.Position(self), target, seeds)
		var flights []flight
		clock := 0.0
		answeredAt := map[identity.Contact]float64{}
		known := map[identity.Contact][]identity.Contact{}
		now := func() time.Time { return epoch.Add(time.Duration(clock * float64(time.Second))) }
		for {
			for c, ok := l.Next(now()); ok; c, ok = l.Next(now()) {
				flights = append(flights, flight{clock + latency(), c})
				known[c] = l.Known(nil, w.k)
			}
			if _, done := l.Done(); done {
				break
			}
			first := 0
			for i := range flights {
				if flights[i].at < flights[first].at {
					first = i
				}
			}
			next := flights[first]
			flights = slices.Delete(flights, first, first+1)
			clock = next.at
			answeredAt[next.c] = clock
			all := slices.DeleteFunc(slices.Clone(w.table(next.c, rnd)), func(c identity.Contact) bool { return c == self })
			named := slices.DeleteFunc(w.nearest(all, &target, w.k),
				func(c identity.Contact) bool { return slices.Contains(known[next.c], c) })
			f.sent += float64(len(named))
			l.Answered(now(), next.c, named)
		}
		s := l.Stats()
		closest := l.Closest(nil)
		truth := slices.DeleteFunc(w.truth(&target, w.k+1), func(c identity.Contact) bool { return c == self })[:w.k]
		for _, c := range truth {
			if !slices.Contains(closest, c) {
				f.missed++
			}
		}
		after := clock - answeredAt[closest[0]]
		f.lookups++
		f.hops += float64(s.Hops)
		f.rpcs += float64(s.RPCs)
		f.rounds += float64(s.Rounds)
		f.after += after
		f.maxAfter = max(f.maxAfter, after)
	}
	n := float64(f.lookups)
	f.hops, f.rpcs, f.rounds, f.sent, f.after = f.hops/n, f.rpcs/n, f.rounds/n, f.sent/n, f.after/n
	return f
}

func TestStaticModel(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	w := newWorld(1000, 20, rnd)
	f := runStatic(w, Config{}, 3000, func() float64 { return 1 }, rnd)
	t.Logf("%+v", f)
	f = runStatic(w, Config{}, 3000, func() float64 { return 0.5 + rnd.Float64() }, rnd)
	t.Logf("%+v", f)
}

func TestStaticModelBig(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	w := newWorld(10000, 20, rnd)
	f := runStatic(w, Config{}, 3000, func() float64 { return 1 }, rnd)
	t.Logf("%+v", f)
	f = runStatic(w, Config{}, 3000, func() float64 { return 0.5 + rnd.Float64() }, rnd)
	t.Logf("%+v", f)
	f = runStatic(w, Config{}, 3000, func() float64 { return 0.9 + 0.2*rnd.Float64() }, rnd)
	t.Logf("%+v", f)
}
