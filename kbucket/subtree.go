package kbucket

// Subtree is the smallest subtree around this node that holds n contacts without
// failures, named by the number of bits that its nodes share with this one: all of
// them stand in that bucket or a deeper one (Kademlia, section 2.4). 0 if the table
// has no more than n.
func (t *Table) Subtree(n int) int {
	for cpl := len(t.buckets) - 1; cpl > 0; cpl-- {
		for i := range t.buckets[cpl].contacts {
			if t.buckets[cpl].contacts[i].failures() == 0 {
				n--
			}
		}
		if n <= 0 {
			return cpl
		}
	}
	return 0
}

// Free is the number of places that are free in a bucket.
func (t *Table) Free(cpl int) int {
	if cpl >= len(t.buckets) {
		return t.cfg.K
	}
	return t.cfg.K - len(t.buckets[cpl].contacts)
}
