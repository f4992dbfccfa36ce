package store

import (
	"maps"
	"slices"
)

// Snapshot appends what a journal of the store would contain, also for a store
// without one: all that is held, in the store's order, then the publications and the
// sequences used, each by key. Loading it in that order gives the same store. The
// caller adds the routing table, see TableOp.
func (s *Store) Snapshot(dst []Op) []Op {
	for _, e := range s.entries {
		e.each(func(h *held) { dst = append(dst, h.op()) })
	}
	for _, p := range s.allPublished(nil) {
		dst = append(dst, p.op())
	}
	for _, key := range slices.Sorted(maps.Keys(s.sequences)) {
		dst = append(dst, sequenceOp([]byte(key), s.sequences[key]))
	}
	return dst
}
