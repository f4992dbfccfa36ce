package kbucket

import (
	"kadmium/identity"
)

// Nearest appends to dst the n contacts nearest to target, nearest first, fewer
// if the table has fewer. It leaves out contacts with failures: nobody is sent
// to a peer that did not answer. It allocates nothing if dst has room.
func (t *Table) Nearest(dst []identity.Contact, target *identity.Position, n int) []identity.Contact {
	return t.nearest(dst, target, n, 0)
}

// NearestAny is Nearest with contacts that have failures too: for own lookups,
// which had better try a doubtful contact than none.
func (t *Table) NearestAny(dst []identity.Contact, target *identity.Position, n int) []identity.Contact {
	return t.nearest(dst, target, n, MaxFailures)
}

// nearest goes through the buckets from the nearest to the target to the
// farthest. Their order is known: let c be the common-prefix length of self and
// target, d their XOR. All of bucket c shares more than c bits with the target:
// it is nearest. A contact of a deeper bucket j is at d with bit j flipped, and
// changed behind that: nearer than d if d has a 1 there, the more so the smaller
// j is; else farther than d, the less so the greater j is. All of these share c
// bits with the target, and every bucket below c fewer, its own index.
func (t *Table) nearest(dst []identity.Contact, target *identity.Position, n, failures int) []identity.Contact {
	q := query{table: t, target: target, end: len(dst) + max(n, 0), failures: failures}
	d := identity.Xor(&t.self, target)
	c := min(identity.CommonPrefixLen(&t.self, target), len(t.buckets))
	if c < len(t.buckets) {
		dst = q.appendBucket(dst, c)
	}
	for j := c + 1; j < len(t.buckets) && len(dst) < q.end; j++ {
		if d.Bit(j) == 1 {
			dst = q.appendBucket(dst, j)
		}
	}
	for j := len(t.buckets) - 1; j > c && len(dst) < q.end; j-- {
		if d.Bit(j) == 0 {
			dst = q.appendBucket(dst, j)
		}
	}
	for j := c - 1; j >= 0 && len(dst) < q.end; j-- {
		dst = q.appendBucket(dst, j)
	}
	return dst
}

// A query is one call of nearest.
type query struct {
	table    *Table
	target   *identity.Position
	end      int          // of dst
	failures int          // contacts with more are left out
	near     [MaxK]uint64 // of one bucket: distance by key bits, above the handle
}

// appendBucket appends the contacts of bucket j in order of their distance.
func (q *query) appendBucket(dst []identity.Contact, j int) []identity.Contact {
	contacts := q.table.buckets[j].contacts
	if len(contacts) == 0 || len(dst) == q.end {
		return dst
	}
	// Insertion sort: for twenty, the fastest of those measured.
	key, n, want := keyBits(q.target, j), 0, q.end-len(dst)
	for i := range contacts {
		e := &contacts[i]
		if e.failures() > q.failures {
			continue
		}
		v := uint64(e.key^key)<<32 | uint64(e.contact)
		if n >= want && v>>32 > q.near[want-1]>>32 {
			continue // so many are nearer
		}
		k := n
		for ; k > 0 && v < q.near[k-1]; k-- {
			q.near[k] = q.near[k-1]
		}
		q.near[k] = v
		n++
	}
	q.breakTies(q.near[:n])
	for _, v := range q.near[:min(n, want)] {
		dst = append(dst, identity.Contact(v))
	}
	return dst
}

// breakTies puts contacts with equal key bits, which are neighbours by now, in
// the order of their whole distance. Chance makes one such pair in a bucket of
// twenty once in 20 million buckets; whoever grinds identities can make more.
func (q *query) breakTies(near []uint64) {
	for i := 1; i < len(near); i++ {
		for k := i; k > 0 && near[k]>>32 == near[k-1]>>32 && q.nearer(near[k], near[k-1]); k-- {
			near[k], near[k-1] = near[k-1], near[k]
		}
	}
}

func (q *query) nearer(a, b uint64) bool {
	book := q.table.book
	return identity.Compare(q.target, book.Position(identity.Contact(a)), book.Position(identity.Contact(b))) < 0
}
