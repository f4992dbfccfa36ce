package store

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
)

// filled is a store of n records that expire at different times, in no order.
func filled(n int) *Store {
	s, rnd := New(Config{MaxRecords: n}, NewNamespaces(network)), rand.New(rand.NewPCG(1, 2))
	for i := range n {
		lifetime := time.Hour + time.Duration(i*7919%n)*time.Second/10
		s.Put(epoch, blackboardRecord(fmt.Sprintf("/v/%d", i), "value", 1, lifetime), identity.NetGroup{}, nil, 0, rnd)
	}
	return s
}

// What expires first is found in the order of its lifetimes, without what has expired.
func TestSoonestHeld(t *testing.T) {
	s := filled(1000)
	if s.Stats().Records != 1000 {
		t.Fatalf("%+v", s.Stats())
	}
	all := s.SoonestHeld(epoch, 2000)
	if len(all) != 1000 || !slices.IsSortedFunc(all, func(a, b Held) int { return a.Expires.Compare(b.Expires) }) {
		t.Fatalf("%d of 1000, or not in order", len(all))
	}
	for _, n := range []int{0, 1, 2, 3, 10, 999} {
		if got := s.SoonestHeld(epoch, n); !slices.EqualFunc(got, all[:n], sameHeld) {
			t.Errorf("the first %d are not those of all", n)
		}
	}
	if got := s.SoonestHeld(all[499].Expires, 3); !slices.EqualFunc(got, all[500:503], sameHeld) {
		t.Errorf("after 500 have expired: %v", got)
	}
	if got := newFixture(t, Config{}).SoonestHeld(epoch, 3); len(got) != 0 {
		t.Errorf("an empty store holds %v", got)
	}
}

func sameHeld(a, b Held) bool { return a.Record == b.Record }

// Ten of many cost what ten cost: the driver's mutex is held meanwhile.
func TestSoonestHeldOfMany(t *testing.T) {
	few, many := filled(100), filled(20000)
	cost := func(s *Store) uint64 { return bytesPerRun(func() { s.SoonestHeld(epoch, 10) }) }
	if a, b := cost(few), cost(many); b > 2*a {
		t.Errorf("10 of 100 take %d bytes, 10 of 20,000 take %d", a, b)
	}
}

// Publications are taken in the order of kind and key, as many as are wanted, and comparing
// their keys takes no memory.
func TestEachPublished(t *testing.T) {
	s := New(Config{}, NewNamespaces(network))
	const n = 500
	for i := range n {
		s.Publish(epoch, blackboardRecord(fmt.Sprintf("/v/%03d", i*7%n), "value", 1, 48*time.Hour))
	}
	s.PublishProvider(epoch, providerEntry(1, "zzz", 1, 4100, ProviderTTL))
	keys := func(most int) (all []string) {
		s.EachPublished(epoch, most, func(p *Published, _ time.Time) { all = append(all, string(p.Key())) })
		slices.Sort(all)
		return all
	}
	if got := keys(0); len(got) != n+1 {
		t.Errorf("%d of all %d", len(got), n+1)
	}
	if got := keys(2 * n); len(got) != n+1 {
		t.Errorf("%d of %d at most", len(got), 2*n)
	}
	if got := keys(3); !slices.Equal(got, []string{"/v/000", "/v/001", "zzz"}) {
		t.Errorf("the first three are %v", got)
	}
	if got := testing.AllocsPerRun(5, func() { s.EachPublished(epoch, 1, func(*Published, time.Time) {}) }); got > 10 {
		t.Errorf("one of %d takes %v allocations", n, got)
	}
}

// bytesPerRun is the memory that a function takes.
func bytesPerRun(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 10 {
		f()
	}
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / 10
}
