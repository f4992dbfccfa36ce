package lookup

import (
	"math"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
)

// racing is whether the race detector is on.
var racing bool

// A searcher for rules: its random numbers are a hash of the seed.
type regionSearcher struct{ seed uint64 }

func (regionSearcher) RTT(identity.Contact) time.Duration { return 0 }
func (regionSearcher) HasFailed(identity.Contact) bool    { return false }

func (s regionSearcher) Random() uint64 {
	return (s.seed + 1) * 0x9e3779b97f4a7c15
}

// Placements of identities around a target. share is a distance as a share of the keyspace.
func (w *world) at(target *identity.Position, share float64) identity.Contact {
	p, near := w.randomPosition(), uint64(share*(1<<63)*2)
	near ^= target.Prefix()
	for i := range 8 {
		p[i] = byte(near >> (56 - 8*i))
	}
	return w.add(p, publicAddress(1<<22+uint32(len(w.positions))))
}

// sybils are n identities around a target: near are nearer than the closest honest node,
// spread are uniform in R, edges are at the inner edges of its octaves.
func (w *world) sybils(target *identity.Position, n int, place string) (all []identity.Contact) {
	radius := float64(w.k) / float64(w.n)
	closest := float64(w.Position(w.truth(target, 1, 0)[0]).Prefix()^target.Prefix()) / ((1 << 63) * 2.0)
	for i := range n {
		share := 0.0
		switch u := (float64(w.rnd.Uint64()>>11) + 0.5) / (1 << 53); place {
		case "near":
			share = u * closest
		case "spread":
			share = u * radius
		case "edges":
			share = radius / math.Exp2(float64(1+i%6)) * (1 + 0.01*u)
		}
		all = append(all, w.at(target, share))
	}
	return all
}

// tableAmong is a table of node c in which the identities have their share of each bucket: k
// of all that are in its range.
func (w *world) tableAmong(c identity.Contact, identities []identity.Contact) []identity.Contact {
	self := w.Position(c)
	var buckets [identity.Bits][]identity.Contact
	for _, s := range identities {
		cpl := identity.CommonPrefixLen(self, w.Position(s))
		buckets[cpl] = append(buckets[cpl], s)
	}
	var table []identity.Contact
	for _, honest := range w.table(c) {
		if buckets[identity.CommonPrefixLen(self, w.Position(honest))] == nil {
			table = append(table, honest)
		}
	}
	for cpl, of := range buckets {
		if of == nil {
			continue
		}
		p := identity.RandomInRange(self, cpl, *self)
		lo, hi := w.bounds(&p, cpl+1)
		for i := lo; i < hi; i++ {
			of = append(of, identity.Contact(i+1))
		}
		w.rnd.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
		table = append(table, of[:min(len(of), w.k)]...)
	}
	return table
}

// attacked is a lookup by searcher of a world whose honest nodes know the identities and
// whose identities name each other alone.
func attacked(w *world, cfg Config, searcher identity.Contact, target identity.Position, sybils []identity.Contact) *run {
	r := &run{w: w, cfg: cfg, searcher: searcher, target: target}
	r.answer = func(c identity.Contact) []identity.Contact {
		if !w.isNode(c) {
			return w.nearest(sybils, &target, w.k, c)
		}
		table := w.tableAmong(c, sybils)
		closest, subtree := w.nearest(table, &target, w.k, searcher), int(math.Log2(float64(w.n)/float64(w.k)))
		if identity.CommonPrefixLen(&target, w.Position(closest[len(closest)-1])) >= subtree+2 {
			around := slices.DeleteFunc(slices.Clone(table), func(o identity.Contact) bool {
				return o == searcher || slices.Contains(closest, o) || identity.CommonPrefixLen(&target, w.Position(o)) < subtree
			})
			return append(closest, w.nearest(around, w.Position(c), len(around))...) // design R5.25
		}
		return closest
	}
	r.silent = func(identity.Contact) bool { return false }
	r.start(new(Lookup))
	r.l.Seed(w.nearest(w.table(searcher), &target, cfg.Seeds(), searcher))
	return r.finish()
}

// A fight is what became of lookups under attack.
type fight struct{ honest, found, crowded, requests float64 }

func fought(seed uint64, nodes, lookups, n int, place string, rule func(Config) Rule, wrong float64) (f fight) {
	w := newWorld(nodes, DefaultK, seed)
	for i := range lookups {
		target := w.randomPosition()
		sybils := w.sybils(&target, n, place)
		cfg := Config{Rule: rule, Size: wrong * float64(nodes), Searcher: regionSearcher{seed<<32 | uint64(i)}, Holders: true}
		put := attacked(w, cfg, identity.Contact(1+w.rnd.IntN(nodes)), target, sybils)
		holders := slices.DeleteFunc(put.l.Closest(nil), func(c identity.Contact) bool { return !w.isNode(c) })
		cfg.Holders, cfg.Search = false, true
		cfg.Searcher = regionSearcher{seed<<32 | 1<<31 | uint64(i)}
		get := attacked(w, cfg, identity.Contact(1+w.rnd.IntN(nodes)), target, sybils)
		for _, c := range get.asked {
			if slices.Contains(holders, c) {
				f.found++
				break
			}
		}
		d := put.l.Density()
		if d.Crowded() != nil {
			f.crowded++
		}
		f.honest += float64(len(holders))
		f.requests += float64(len(put.asked))
		w.positions = w.positions[:nodes]
		clear(w.addresses)
	}
	t := float64(lookups)
	return fight{f.honest / t, f.found / t, f.crowded / t, f.requests / t}
}

// Whoever makes identities around a key has neither all its holders nor hides it (design
// R5.20): of Plain it has both.
func TestRegionAgainstIdentities(t *testing.T) {
	if racing {
		t.Skip("runs in one goroutine")
	}
	const nodes, lookups = 2000, 60
	calm := fought(1, nodes, lookups, 0, "near", NewRegion, 1)
	if calm.honest < 20 || calm.crowded > 0.05 {
		t.Errorf("without attack %.1f holders, %.0f %% suspected; want 20 and none", calm.honest, 100*calm.crowded)
	}
	for _, c := range []struct {
		n                  int
		place              string
		honest             float64
		found, foundBefore float64 // found before, at most
	}{
		{20, "near", 16, 0.99, 0}, {45, "near", 16, 0.99, 0}, {100, "near", 15, 0.99, 0}, {200, "near", 14, 0.99, 0},
		{45, "edges", 13, 0.99, 0.5}, {100, "edges", 10, 0.95, 0.3}, {45, "spread", 12, 0.99, 1},
	} {
		f, plain := fought(1, nodes, lookups, c.n, c.place, NewRegion, 1), fought(1, nodes, lookups, c.n, c.place, nil, 1)
		t.Logf("%3d %-6s honest holders %4.1f, before %4.1f; found %3.0f %%, before %3.0f; crowded %3.0f %%; requests %.1f, before %.1f, without attack %.1f",
			c.n, c.place, f.honest, plain.honest, 100*f.found, 100*plain.found, 100*f.crowded, f.requests, plain.requests, calm.requests)
		if f.honest < c.honest || f.found < c.found || plain.found > c.foundBefore || f.requests > 2.1*calm.requests {
			t.Errorf("%d %s: %+v, with Plain %+v", c.n, c.place, f, plain)
		}
	}
	for wrong, least := range map[float64]float64{0.5: 20, 2: 10, 4: 7.5} {
		f := fought(1, nodes, lookups, 45, "near", NewRegion, wrong)
		t.Logf("45 near, size %v times the truth: honest holders %.1f, found %.0f %%", wrong, f.honest, 100*f.found)
		if f.honest < least || f.found < 0.85 {
			t.Errorf("with a size %v times the truth: %+v", wrong, f)
		}
	}
}

// What lookups of random targets tell of the network's size: the 40th percentile of 16, times
// 1.08, as a node keeps it (design R5.24).
func TestSizeOfLookups(t *testing.T) {
	if racing {
		t.Skip("runs in one goroutine")
	}
	for _, nodes := range []int{1000, 10_000} {
		w := newWorld(nodes, DefaultK, 1)
		var l Lookup
		var estimates []float64
		for e := range 60 {
			size, samples := float64(nodes)*(0.9+0.2*float64(e%2)), []float64{}
			for i := range 16 {
				r := &run{w: w, searcher: identity.Contact(1 + w.rnd.IntN(nodes)), target: w.randomPosition(),
					cfg: Config{Rule: NewRegion, Size: size, Searcher: regionSearcher{uint64(e*16 + i)}}}
				r.start(&l).finish()
				if n, ok := l.SizeSample(); ok {
					samples = append(samples, n)
				}
			}
			if len(samples) < 15 {
				t.Fatalf("%d of 16 lookups have told the size", len(samples))
			}
			slices.Sort(samples)
			estimates = append(estimates, 1.08*samples[6]/float64(nodes))
		}
		mean, square := 0.0, 0.0
		for _, e := range estimates {
			mean += e / float64(len(estimates))
		}
		for _, e := range estimates {
			square += (e - mean) * (e - mean) / float64(len(estimates))
		}
		t.Logf("%d nodes: estimates are %.3f of the truth, sd %.3f", nodes, mean, math.Sqrt(square))
		if mean < 0.95 || mean > 1.08 || math.Sqrt(square) > 0.12 {
			t.Errorf("%d nodes: estimates are %.3f of the truth, sd %.3f", nodes, mean, math.Sqrt(square))
		}
	}
}

// Identities that crowd no octave are noticed by what they are together; without attack
// nearly nothing is.
func TestDiscIsCrowded(t *testing.T) {
	if racing {
		t.Skip("runs in one goroutine")
	}
	for _, c := range []struct {
		n           int
		place       string
		least, most float64
	}{{0, "near", 0, 0.01}, {20, "near", 0.98, 1}, {20, "edges", 0.9, 1}, {45, "spread", 0.85, 1}} {
		if f := fought(3, 2000, 100, c.n, c.place, NewRegion, 1); f.crowded < c.least || f.crowded > c.most {
			t.Errorf("%d %s: %.2f of lookups are crowded, want %.2f to %.2f", c.n, c.place, f.crowded, c.least, c.most)
		}
	}
}
