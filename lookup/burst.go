package lookup

// bursts reports whether all unasked of the k closest are asked at once: when the
// closest contact known, neither failed nor set aside, has itself answered. Then
// the search is over but for the rest of the k closest, and one more round trip
// ends it. Kademlia (section 2.3) does so after a round that brought nothing
// nearer; to do it after any such answer costs half as many requests again (35
// against 23 among 10,000 nodes). Requests of a burst do not count against alpha:
// should one of them bring something nearer after all, it is asked without delay.
func bursts(closest *candidate) bool { return closest.state == answered }
