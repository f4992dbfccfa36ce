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
	t := New(randomPosition(rnd), book, 0)
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
			for _, e := range table.of(&table.buckets[i]) {
				all = append(all, e.contact())
				if e.failures() == 0 {
					sound = append(sound, e.contact())
				}
			}
			for _, w := range table.waitingFor(&table.buckets[i]) {
				all = append(all, w.contact())
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

// Contacts whose cached bits agree are still ordered by their whole distance:
// here all of a bucket agree in 100 bits behind the one that sets it apart.
func TestNearestBreaksTies(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for _, cpl := range []int{0, 1, 31, 32, 63, 120} {
		book := &testBook{}
		table := New(randomPosition(rnd), book, MaxK)
		crowd := inBucket(rnd, &table.self, cpl)
		var all []identity.Contact
		for range MaxK {
			c := book.add(inBucket(rnd, &crowd, cpl+101+rnd.IntN(3)), "127.0.0.1")
			if table.Seen(start, c) != Added {
				t.Fatal("there is no room for the crowd")
			}
			all = append(all, c)
		}
		for range 20 {
			target := randomPosition(rnd)
			slices.SortFunc(all, func(a, b identity.Contact) int {
				return identity.Compare(&target, book.Position(a), book.Position(b))
			})
			if got := table.Nearest(nil, &target, 30); !slices.Equal(got, all[:30]) {
				t.Fatalf("bucket %d: got %v, want %v", cpl, got, all[:30])
			}
		}
	}
}

func TestNearestAppends(t *testing.T) {
	table, _ := filled(rand.New(rand.NewPCG(7, 8)), 100)
	target := identity.KeyPosition([]byte("/v/hello"))
	want := table.Nearest(nil, &target, 7)
	got := table.Nearest([]identity.Contact{8, 9}, &target, 7)
	if !slices.Equal(got, append([]identity.Contact{8, 9}, want...)) {
		t.Fatalf("got %v, want 8, 9 and then %v", got, want)
	}
	for _, n := range []int{0, -1} {
		if got := table.Nearest(nil, &target, n); len(got) != 0 {
			t.Fatalf("%d contacts asked for, got %v", n, got)
		}
	}
}

func TestNearestAllocatesNothing(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 10))
	table, _ := filled(rnd, 5000)
	dst := make([]identity.Contact, 0, 40)
	if n := testing.AllocsPerRun(1000, func() {
		target := randomPosition(rnd)
		dst = table.Nearest(dst[:0], &target, 20)
		dst = table.NearestAny(dst, &target, 20)
	}); n != 0 {
		t.Fatalf("%v allocations, want none", n)
	}
}
