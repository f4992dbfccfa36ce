package kbucket

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"kadmium/identity"
)

// A bucket that was filled is as if its contacts had been seen one by one, also when
// more are seen behind them, and subnets come to their limits.
func TestFillIsSeeing(t *testing.T) {
	rnd := rand.New(rand.NewPCG(8, 8))
	for round := range 50 {
		book := &testBook{}
		self := randomPosition(rnd)
		filled, seen := New(self, book, 0), New(self, book, 0)
		subnet := 0
		for _, cpl := range []int{3, 0, 1, 40} {
			var contacts []identity.Contact
			for range rnd.IntN(DefaultK + 1) {
				subnet++
				ip := netip.AddrFrom4([4]byte{9, 9, byte(subnet), byte(rnd.IntN(256))})
				contacts = append(contacts, book.addAt(inBucket(rnd, &self, cpl), ip))
			}
			filled.Fill(start, cpl, contacts)
			for _, c := range contacts {
				seen.Seen(start, c)
			}
		}
		for i := range round * 4 {
			ip := netip.AddrFrom4([4]byte{9, 9, byte(rnd.IntN(subnet + 2)), byte(rnd.IntN(256))})
			c := book.addAt(inBucket(rnd, &self, rnd.IntN(4)), ip)
			if got, want := filled.Seen(start, c), seen.Seen(start, c); got != want {
				t.Fatalf("contact %d of those behind: %v, want %v", i, got, want)
			}
			if i%3 == 0 {
				filled.Remove(c)
				seen.Remove(c)
			}
		}
		if got, want := tell(filled), tell(seen); got != want {
			t.Fatalf("filled:\n%s\nseen:\n%s", got, want)
		}
		if filled.catchUp(); filled.subnets != nil && seen.subnets != nil && *filled.subnets != *seen.subnets {
			t.Fatal("subnets are counted otherwise")
		}
		target := randomPosition(rnd)
		got, want := filled.Nearest(nil, &target, 30), seen.Nearest(nil, &target, 30)
		if len(got) != len(want) || filled.NextRefresh() != seen.NextRefresh() {
			t.Fatalf("nearest %v, want %v; refresh %v, want %v", got, want, filled.NextRefresh(), seen.NextRefresh())
		}
	}
}
