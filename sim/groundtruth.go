package sim

import (
	"slices"

	"kadmium/identity"
)

// closest appends the n servers closest to a target for which counts is true, closest
// first. They are the ground truth that lookups are compared with.
func (b *book) closest(dst []identity.Contact, target *identity.Position, n int, counts func(identity.Contact) bool) []identity.Contact {
	b.byDistance(target, func(c identity.Contact) bool {
		if counts == nil || counts(c) {
			dst = append(dst, c)
			n--
		}
		return n > 0
	})
	return dst
}

// byDistance calls yield with the servers in the order of their distance to the target,
// until it returns false. At each bit, servers that share the target's bit come first.
func (b *book) byDistance(target *identity.Position, yield func(identity.Contact) bool) {
	b.descend(target, 0, b.servers, 0, yield)
}

// leaf is the number of servers up to which a range is sorted and not split further.
const leaf = 16

func (b *book) descend(target *identity.Position, lo, hi, bit int, yield func(identity.Contact) bool) bool {
	if hi-lo <= leaf || bit == 64 {
		return b.sorted(target, lo, hi, yield)
	}
	prefix := b.positions[lo].Prefix() // all share its first bits
	middle := b.from(prefix&^(1<<(64-bit)-1) | 1<<(63-bit))
	if target.Bit(bit) == 0 {
		return b.descend(target, lo, middle, bit+1, yield) && b.descend(target, middle, hi, bit+1, yield)
	}
	return b.descend(target, middle, hi, bit+1, yield) && b.descend(target, lo, middle, bit+1, yield)
}

func (b *book) sorted(target *identity.Position, lo, hi int, yield func(identity.Contact) bool) bool {
	var some [leaf]identity.Contact
	list := some[:0]
	for i := lo; i < hi; i++ {
		list = append(list, identity.Contact(i+1))
	}
	slices.SortFunc(list, func(x, y identity.Contact) int { return identity.Compare(target, b.Position(x), b.Position(y)) })
	for _, c := range list {
		if !yield(c) {
			return false
		}
	}
	return true
}
