package kbucket

// Subtree is the smallest subtree around this node that holds n contacts without
// failures (Kademlia, section 2.4), named by the number of leading bits that its nodes
// share with this one: they are in that bucket or a deeper one. It is 0 if the table
// has fewer than n.
func (t *Table) Subtree(n int) int {
	for cpl := len(t.buckets) - 1; cpl > 0; cpl-- {
		if n -= t.responsive(&t.buckets[cpl]); n <= 0 {
			return cpl
		}
	}
	return 0
}

// Free is how many more contacts a bucket can use: its free places and those held by
// contacts with failures, less its replacements.
func (t *Table) Free(cpl int) int {
	if cpl >= len(t.buckets) {
		return t.Room(cpl).Contacts
	}
	b := &t.buckets[cpl]
	return max(0, t.Room(cpl).Contacts-t.responsive(b)-t.found(b))
}

// found is the number of replacements that this node found itself.
func (t *Table) found(b *bucket) (n int) {
	waiting := t.waitingFor(b)
	for n < len(waiting) && !waiting[n].unasked() {
		n++
	}
	return n
}

// responsive is the number of contacts without failures.
func (t *Table) responsive(b *bucket) (n int) {
	contacts := t.of(b)
	for i := range contacts {
		if contacts[i].failures() == 0 {
			n++
		}
	}
	return n
}
