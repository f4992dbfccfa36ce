package store

import "time"

// minCopy is the shortest lifetime that a copy gets: a shorter one would not be worth
// its STORE.
const minCopy = time.Minute

// shrink is the lifetime of a copy at a node with that many nodes between it and the
// k closest to the key: each of them halves it (design R6.13), so that copies of a
// popular key do not accumulate far away (Kademlia, section 2.3: "exponentially
// inversely proportional to the number of nodes between").
func shrink(ttl time.Duration, between int) time.Duration {
	if between <= 0 {
		return ttl
	}
	return min(ttl, max(ttl>>min(between, 62), minCopy))
}
