package engine

import (
	"kadmium/identity"
	"kadmium/lookup"
)

// covered says which of this node's buckets a finished lookup saw the whole of: those
// deeper than cpl. They need no refresh of their own for an hour (design R4.15).
// Otherwise each of the deep buckets, which together hold a handful of nodes, would be
// refreshed by a lookup that finds the same k nodes.
//
// The k closest nodes to the target are all the nodes of any subtree around the target
// that the farthest of them is outside of. If this node is in that subtree too, the
// subtree holds all of its deeper buckets (design R4.16; Kademlia, section 2.4).
//
// What proves nothing (design R4.18): a lookup that was stopped; one that refused
// contacts of one IP; one that found k nodes only after it had turned to farther
// contacts, because only failed peers may know those near the target; one that ran out of
// peers while some could not be asked; one whose rule left contacts unasked (design
// R5.18).
func (l *activeLookup) covered(reason lookup.Reason) (cpl int, ok bool) {
	e, stats := l.e, l.state.Stats()
	switch {
	case stats.Refused > 0, !l.state.Complete():
		return 0, false
	case reason == lookup.Exhausted: // fewer than k nodes exist, if none of them failed (design R4.17)
		return -1, stats.Failed == 0 && !l.leftOut
	case reason == lookup.Converged && !l.refilled:
		closest := l.state.ClosestK(e.scratch().contacts[:0])
		if e.scratch().contacts = closest; len(closest) < e.cfg.K {
			return 0, false
		}
		farthest := e.book.Position(closest[len(closest)-1])
		cpl = identity.CommonPrefixLen(&e.cfg.Position, farthest)
		return cpl, cpl < identity.CommonPrefixLen(&e.cfg.Position, &l.target)
	}
	return 0, false
}
