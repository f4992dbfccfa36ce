package lookup

// One peer may be named at several addresses (design R5.8). The first is asked. The
// others are spares, each asked only if the one before it failed. An answer from the
// first proves that the peer is there, and the spares are then not needed.
//
// Of two addresses that one answer gives for one peer the first counts. Otherwise a
// liar could keep a lookup busy with one near peer at twenty addresses, one timeout
// after the other.

// joins adjusts e, one more address of a peer, and another candidate of that peer to
// each other, and reports whether e is wanted beside it. A path knows peers, not
// addresses: it then knows all addresses of the peer.
func joins(e, other *Candidate) bool {
	other.paths |= e.paths
	e.paths = other.paths
	if other.state == failed {
		e.alternate = true
	} else {
		e.state = spare
	}
	return other.contact != e.contact && other.state != answered &&
		(other.namedBy == 0 || other.namedBy != e.namedBy)
}

// promoteAlternate lets the first spare of the peer at index i, which has just failed,
// be asked in its place.
func (s *shortlist) promoteAlternate(i int) {
	e := &s.entries[i]
	for j := i + 1; j < len(s.entries) && s.entries[j].near == e.near; j++ {
		next := &s.entries[j]
		if next.state == spare && *s.book.Position(next.contact) == *s.book.Position(e.contact) {
			next.state, next.alternate = unasked, true
			return
		}
	}
}
