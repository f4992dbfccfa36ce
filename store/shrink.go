package store

import "time"

// minCopy is the shortest lifetime a copy is shrunk to: less would not be worth
// its STORE.
const minCopy = time.Minute

// shrink is the lifetime of a copy at a node with that many nodes between it and
// the k closest to the key: half for each, so that a popular key's copies far
// away do not pile up (Kademlia, section 2.3: "exponentially inversely
// proportional to the number of nodes between").
func shrink(ttl time.Duration, between int) time.Duration {
	if between <= 0 {
		return ttl
	}
	return min(ttl, max(ttl>>min(between, 62), minCopy))
}
