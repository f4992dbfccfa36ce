package store

import (
	"maps"
	"slices"
)

// Snapshot appends what a journal would hold of the store, also of one that has
// none: all that is held, in the store's order, what is published and the sequences
// used, each by key. Loaded in that order, it is all there again. The routing
// table is the caller's to add, see TableOp.
func (s *Store) Snapshot(dst []Op) []Op {
	for _, e := range s.entries {
		e.each(func(h *held) { dst = append(dst, h.op()) })
	}
	for _, p := range s.AllPublished(nil) {
		dst = append(dst, p.op())
	}
	for _, key := range slices.Sorted(maps.Keys(s.sequences)) {
		dst = append(dst, sequenceOp([]byte(key), s.sequences[key]))
	}
	return dst
}
