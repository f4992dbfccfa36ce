package kbucket

import (
	"kadmium/identity"
)

// Nearest appends to dst the n contacts nearest to target, nearest first, fewer
// if the table has fewer. It leaves out contacts with failures (design R4.12) and
// replacements (R5.3). It allocates nothing if dst has room.
func (t *Table) Nearest(dst []identity.Contact, target *identity.Position, n int) []identity.Contact {
	return t.nearest(dst, target, n, false)
}

// NearestAny is Nearest with contacts that failed and with replacements: for lookups
// of this node itself (design R5.2). A contact in doubt is better than none. And the
// buckets of all tables have much the same contacts, the oldest of the network;
// replacements are newer.
func (t *Table) NearestAny(dst []identity.Contact, target *identity.Position, n int) []identity.Contact {
	return t.nearest(dst, target, n, true)
}

// nearest takes the buckets in the order of their distance from the target, and
// sorts only the contacts of one bucket at a time.
func (t *Table) nearest(dst []identity.Contact, target *identity.Position, n int, all bool) []identity.Contact {
	q := query{table: t, target: target, end: len(dst) + max(n, 0), all: all}
	for cpl := range BucketsByDistance(&t.self, target, len(t.buckets)) {
		if dst = q.appendBucket(dst, cpl); len(dst) == q.end {
			break
		}
	}
	return dst
}

// A query is one call of nearest.
type query struct {
	table  *Table
	target *identity.Position
	end    int              // of dst
	all    bool             // with contacts that failed, and replacements
	near   [2 * MaxK]uint64 // of one bucket: distance by the bits of marks, above the handle
	n      int              // of near
}

// appendBucket appends the contacts of bucket j in order of their distance.
func (q *query) appendBucket(dst []identity.Contact, j int) []identity.Contact {
	b := &q.table.buckets[j]
	if b.contacts+b.replacements == 0 || len(dst) == q.end {
		return dst
	}
	key, want := markKey(keyBits(q.target, j)), q.end-len(dst)
	q.n = 0
	contacts := q.table.of(b)
	for i := range contacts {
		if e := &contacts[i]; q.all || e.failures() == 0 {
			q.insert(uint64(e.key()^key)<<32|uint64(e.contact()), want)
		}
	}
	if q.all {
		for _, w := range q.table.waitingFor(b) {
			q.insert(uint64(w.key()^key)<<32|uint64(w.contact()), want)
		}
	}
	q.breakTies(q.near[:q.n])
	for _, v := range q.near[:min(q.n, want)] {
		dst = append(dst, identity.Contact(v))
	}
	return dst
}

// insert puts v in its place, unless as many as are wanted are nearer. For twenty
// contacts insertion sort was the fastest of those measured.
func (q *query) insert(v uint64, want int) {
	if q.n >= want && v>>32 > q.near[want-1]>>32 {
		return
	}
	k := q.n
	for ; k > 0 && v < q.near[k-1]; k-- {
		q.near[k] = q.near[k-1]
	}
	q.near[k] = v
	q.n++
}

// breakTies sorts contacts with equal key bits, which stand side by side by now, by
// their whole distance. By chance one in eleven buckets of twenty has such a pair; who
// searches for identities can make more, up to all contacts of a bucket.
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
