package lookup

// One peer may be named at several addresses: the first is asked, the others are
// spares, each asked only if the one before it failed. Whoever answers at the
// first has proved that it is the peer, so the spares are then of no use.
//
// One answer has one say: of two addresses it gives for one peer the first
// counts. Otherwise a liar could keep a lookup busy with one near peer at twenty
// addresses, one timeout after the other.

// joins fits e, one more address of a peer, to another candidate of that peer, and
// reports whether e is wanted beside it. A path knows peers, not addresses: it
// then knows all of the peer's.
func joins(e, other *candidate) bool {
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

// promoteAlternate puts the first spare of the peer at index i, which just
// failed, in its place.
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
