package sim

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kadmium/identity"
)

// drawnBook is a book of a few servers and others, sometimes of servers that stand in
// a heap.
func drawnBook(t *rapid.T) *book {
	b := newBook(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(1, 200).Draw(t, "servers"), rapid.IntRange(0, 5).Draw(t, "others"))
	if rapid.Bool().Draw(t, "heap") {
		bits := rapid.IntRange(8, 60).Draw(t, "bits")
		var prefixes []uint64
		for i := range b.servers {
			p := &b.positions[i]
			binary.BigEndian.PutUint64(p[:], p.Prefix()>>(64-bits)<<(64-bits)|uint64(i))
			prefixes = append(prefixes, p.Prefix())
		}
		if !slices.IsSorted(prefixes) {
			t.Skip("the last bits disturbed the order")
		}
		b.index(prefixes)
	}
	return b
}

// drawnPosition is anywhere, or near to somebody.
func drawnPosition(t *rapid.T, b *book) *identity.Position {
	var p identity.Position
	copy(p[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "position"))
	if rapid.Bool().Draw(t, "near") {
		near := b.Position(identity.Contact(1 + rapid.IntRange(0, b.servers-1).Draw(t, "whom")))
		copy(p[:], near[:rapid.IntRange(0, 32).Draw(t, "bytes")])
	}
	return &p
}

// A book's servers stand in the order of their positions, which differ in the first
// 64 bits.
func TestBookIsInOrder(t *testing.T) {
	b := newBook(3, 20_000, 100)
	for i := 1; i < b.servers; i++ {
		if b.positions[i-1].Prefix() >= b.positions[i].Prefix() {
			t.Fatalf("servers %d and %d are out of order", i-1, i)
		}
	}
	if len(b.positions) != 20_100 {
		t.Errorf("%d positions", len(b.positions))
	}
}

// closest is sorting all servers by their distance.
func TestClosest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawnBook(t)
		target := drawnPosition(t, b)
		modulus := identity.Contact(rapid.IntRange(1, 4).Draw(t, "modulus"))
		counts := func(c identity.Contact) bool { return c%modulus == 0 }
		var want []identity.Contact
		for i := range b.servers {
			if c := identity.Contact(i + 1); counts(c) {
				want = append(want, c)
			}
		}
		slices.SortFunc(want, func(x, y identity.Contact) int { return identity.Compare(target, b.Position(x), b.Position(y)) })
		n := rapid.IntRange(1, 30).Draw(t, "n")
		want = want[:min(n, len(want))]
		if got := b.closest(nil, target, n, counts); !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
		if got := b.closest(nil, target, b.servers+1, nil); len(got) != b.servers {
			t.Fatalf("%d of %d servers", len(got), b.servers)
		}
	})
}

// from and within are scans.
func TestRanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawnBook(t)
		v := drawnPosition(t, b).Prefix()
		from := 0
		for from < b.servers && b.positions[from].Prefix() < v {
			from++
		}
		if got := b.from(v); got != from {
			t.Fatalf("from %x: %d, want %d", v, got, from)
		}
		n := rapid.IntRange(0, 64).Draw(t, "bits")
		inside := 0
		lo, hi := b.within(v, n)
		for i := range b.servers {
			is := n == 0 || (b.positions[i].Prefix()^v)>>(64-n) == 0
			if is {
				inside++
			}
			if is != (i >= lo && i < hi) {
				t.Fatalf("server %d is within %d bits of %x: %v; the range is %d to %d", i, n, v, is, lo, hi)
			}
		}
		if inside != hi-lo {
			t.Fatalf("%d within %d bits of %x, the range is %d to %d", inside, n, v, lo, hi)
		}
	})
}

// deepest is the longest prefix that another server shares.
func TestDeepest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawnBook(t)
		p := drawnPosition(t, b)
		if rapid.Bool().Draw(t, "server") {
			p = b.Position(identity.Contact(1 + rapid.IntRange(0, b.servers-1).Draw(t, "which")))
		}
		want := -1
		for i := range b.servers {
			if b.positions[i] != *p {
				want = max(want, min(63, identity.CommonPrefixLen(p, &b.positions[i])))
			}
		}
		if got := b.deepest(p); got != want {
			t.Fatalf("%d, want %d", got, want)
		}
	})
}

// A bucket of an ideal table is min(k, available) distinct servers of its range that
// are there, the same whenever it is asked for.
func TestIdealBucket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawnBook(t)
		var present []identity.Contact // nil: all
		if rapid.Bool().Draw(t, "limited") {
			present = []identity.Contact{1}
			for i := 1; i < len(b.positions); i++ {
				if rapid.Bool().Draw(t, "present") {
					present = append(present, identity.Contact(i+1))
				}
			}
		}
		b.restrictTo(present)
		self := drawnPosition(t, b)
		k, seed, owner := rapid.IntRange(1, 20).Draw(t, "k"), rapid.Uint64().Draw(t, "for"), rapid.Uint64().Draw(t, "owner")
		order := rapid.Permutation([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 30, 62, 63, 64, 200}).Draw(t, "order")
		for _, cpl := range order {
			available := 0
			for i := range b.servers {
				c := identity.Contact(i + 1)
				if cpl < 64 && identity.CommonPrefixLen(self, b.Position(c)) == cpl && (present == nil || slices.Contains(present, c)) {
					available++
				}
			}
			got := b.idealBucket(nil, seed, owner, self, cpl, k)
			if len(got) != min(k, available) {
				t.Fatalf("bucket %d has %d of %d", cpl, len(got), available)
			}
			for i, c := range got {
				if identity.CommonPrefixLen(self, b.Position(c)) != cpl || present != nil && !slices.Contains(present, c) {
					t.Fatalf("bucket %d has server %d", cpl, c)
				}
				if slices.Contains(got[:i], c) {
					t.Fatalf("bucket %d has server %d twice", cpl, c)
				}
			}
			b.idealBucket(nil, seed, owner+1, self, cpl, k)
			if again := b.idealBucket(nil, seed, owner, self, cpl, k); !slices.Equal(got, again) {
				t.Fatalf("bucket %d: %v, then %v", cpl, got, again)
			}
		}
	})
}

// All servers of a range are in as many buckets, and each pair of them as often: the
// sum of squares over what is expected has the chi-square distribution.
func TestIdealBucketIsUniform(t *testing.T) {
	const owners, k = 20_000, 5
	b := newBook(11, 60, 0)
	self := b.Position(1)
	lo, hi := b.within(self.Prefix()^1<<63, 1)
	available := hi - lo
	counts := make([]int, b.servers+1)
	pairs := make(map[[2]identity.Contact]int)
	for owner := range uint64(owners) {
		bucket := b.idealBucket(nil, 5, owner, self, 0, k)
		slices.SortFunc(bucket, func(x, y identity.Contact) int { return cmp.Compare(x, y) })
		for i, c := range bucket {
			counts[c]++
			for _, o := range bucket[i+1:] {
				pairs[[2]identity.Contact{c, o}]++
			}
		}
	}
	chi := 0.0
	expected := float64(owners*k) / float64(available)
	for i := lo; i < hi; i++ {
		d := float64(counts[i+1]) - expected
		chi += d * d / expected
	}
	// Those in one bucket are drawn without replacement: the variance is (n-k)/n of that
	// of independent draws. The bounds are four standard deviations.
	freedom := float64(available - 1)
	within(t, "chi-square of servers", chi, freedom*float64(available-k)/freedom, 4*math.Sqrt(2*freedom))
	chi, freedom = 0, float64(available*(available-1)/2-1)
	expected = float64(owners*k*(k-1)/2) / (freedom + 1)
	for i := lo; i < hi; i++ {
		for j := i + 1; j < hi; j++ {
			d := float64(pairs[[2]identity.Contact{identity.Contact(i + 1), identity.Contact(j + 1)}]) - expected
			chi += d * d / expected
		}
	}
	within(t, "chi-square of pairs", chi, freedom, 8*math.Sqrt(freedom))
	t.Logf("%d servers, chi-square of pairs %.0f, freedom %.0f", available, chi, freedom)
}
