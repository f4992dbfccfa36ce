package engine

import (
	"kadmium/identity"
	"kadmium/lookup"
)

// covered says how much of this node's surroundings a lookup that has ended saw: all
// nodes in buckets deeper than cpl were among those it heard of, so none of these
// buckets needs a lookup of its own. Without this each of the deep buckets, which
// hold a handful of nodes together, would be refreshed by a search for the same k.
//
// The k closest to the target are the whole of any subtree around it that the
// farthest of them stands outside of; where this node is in that subtree too
// (Kademlia, section 2.4, has the tables hold it), it is the node's own. A lookup that
// was stopped, or that refused contacts because others of their host had been named,
// proves nothing; nor does one that found k only after it had turned to farther
// contacts, for those beside the target may be known to the dead alone; and one that
// ran out of peers does only if all that it heard of could be asked.
func (l *activeLookup) covered(reason lookup.Reason) (cpl int, ok bool) {
	e, stats := l.e, l.state.Stats()
	switch {
	case stats.Refused > 0:
		return 0, false
	case reason == lookup.Exhausted: // there are fewer than k nodes, if none of them failed
		return -1, stats.Failed == 0 && !l.leftOut
	case reason == lookup.Converged && !l.refilled:
		e.scratch = l.state.Closest(e.scratch[:0])
		farthest := e.book.Position(e.scratch[len(e.scratch)-1])
		cpl = identity.CommonPrefixLen(&e.cfg.Position, farthest)
		return cpl, cpl < identity.CommonPrefixLen(&e.cfg.Position, &l.target)
	}
	return 0, false
}
