package kbucket

import (
	"math/rand/v2"
	"slices"
	"testing"

	"kadmium/identity"
)

// filled is a table that has seen n random contacts, some of which failed.
func filled(rnd *rand.Rand, n int) (*Table, *testBook) {
	book := &testBook{}
	t := New(randomPosition(rnd), book, Config{})
	for i := range n {
		c := book.addAt(randomPosition(rnd), publicIP(i))
		t.Seen(start, c)
		if i%7 == 0 {
			t.Failed(c)
		}
	}
	return t, book
}

func TestNearestIsTheSortedTable(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for round := range 200 {
		table, book := filled(rnd, rnd.IntN(600))
		target := randomPosition(rnd)
		if round%3 == 0 {
			target = inBucket(rnd, &table.self, rnd.IntN(identity.Bits+1))
		}
		var sound, all []identity.Contact
		for i := range table.buckets {
			for _, e := range table.buckets[i].contacts {
				all = append(all, e.contact)
				if e.failures() == 0 {
					sound = append(sound, e.contact)
				}
			}
		}
		byDistance := func(a, b identity.Contact) int {
			return identity.Compare(&target, book.Position(a), book.Position(b))
		}
		slices.SortFunc(sound, byDistance)
		slices.SortFunc(all, byDistance)
		n := rnd.IntN(50)
		if got, want := table.Nearest(nil, &target, n), sound[:min(n, len(sound))]; !slices.Equal(got, want) {
			t.Fatalf("Nearest(%v, %d) = %v, want %v\n%v", target, n, got, want, table)
		}
		if got, want := table.NearestAny(nil, &target, n), all[:min(n, len(all))]; !slices.Equal(got, want) {
			t.Fatalf("NearestAny(%v, %d) = %v, want %v\n%v", target, n, got, want, table)
		}
	}
}
