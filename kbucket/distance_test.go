package kbucket

import (
	"math/rand/v2"
	"slices"
	"testing"

	"kadmium/identity"
)

// Each bucket comes once, and a node of it is nearer to the target than any node of
// the next.
func TestBucketsByDistance(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		self, count := randomPosition(rnd), 1+rnd.IntN(identity.Bits)
		target := inBucket(rnd, &self, rnd.IntN(identity.Bits+1))
		order := slices.Collect(BucketsByDistance(&self, &target, count))
		for i := 1; i < len(order); i++ {
			near, far := inBucket(rnd, &self, order[i-1]), inBucket(rnd, &self, order[i])
			if identity.Compare(&target, &near, &far) >= 0 {
				t.Fatalf("a node of bucket %d is farther than one of bucket %d", order[i-1], order[i])
			}
		}
		slices.Sort(order)
		if len(order) != count {
			t.Fatalf("%d of %d buckets are named: %v", len(order), count, order)
		}
		for i, cpl := range order {
			if i != cpl {
				t.Fatalf("of %d buckets these are named: %v", count, order)
			}
		}
	}
}
