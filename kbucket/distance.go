package kbucket

import (
	"iter"

	"kadmium/identity"
)

// BucketsByDistance names the count buckets of the table of the node at self, from
// the nearest to the target to the farthest: every contact of a bucket is nearer to
// the target than every contact of the buckets behind it (Kademlia, section 2.3).
//
// Let c be the common-prefix length of self and target, and d their XOR.
//
//   - Bucket c is the nearest: its contacts share more than c bits with the target.
//   - The contacts of a deeper bucket j share exactly c bits with the target, and
//     their distance is d with bit j flipped and any bits behind it. If d has a 1
//     at j that is less than d, and the smaller j is, the less.
//   - If d has a 0 at j it is more than d, and the greater j is, the less.
//   - The contacts of a bucket j below c share only j bits with the target.
func BucketsByDistance(self, target *identity.Position, count int) iter.Seq[int] {
	return func(yield func(cpl int) bool) {
		c := identity.CommonPrefixLen(self, target)
		if c < count && !yield(c) {
			return
		}
		d := identity.Xor(self, target)
		for j := c + 1; j < count; j++ {
			if d.Bit(j) == 1 && !yield(j) {
				return
			}
		}
		for j := count - 1; j > c; j-- {
			if d.Bit(j) == 0 && !yield(j) {
				return
			}
		}
		for j := min(c, count) - 1; j >= 0; j-- {
			if !yield(j) {
				return
			}
		}
	}
}
