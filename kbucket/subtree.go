package kbucket

// Subtree is the smallest subtree around this node that holds n contacts without
// failures, named by the number of bits that its nodes share with this one: all of
// them stand in that bucket or a deeper one (Kademlia, section 2.4). 0 if the table
// has fewer than n.
func (t *Table) Subtree(n int) int {
	for cpl := len(t.buckets) - 1; cpl > 0; cpl-- {
		if n -= t.buckets[cpl].sound(); n <= 0 {
			return cpl
		}
	}
	return 0
}

// Free is how many contacts more a bucket could do with: a place for each that is
// free, or held by a contact with failures, less those that wait already.
func (t *Table) Free(cpl int) int {
	if cpl >= len(t.buckets) {
		return t.limits.k
	}
	b := &t.buckets[cpl]
	return max(0, t.limits.k-b.sound()-len(b.waiting))
}

// sound is the number of contacts without failures.
func (b *bucket) sound() (n int) {
	for i := range b.contacts {
		if b.contacts[i].failures() == 0 {
			n++
		}
	}
	return n
}
