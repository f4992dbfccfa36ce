package store

import (
	"maps"
	"slices"
)

// Snapshot appends what a journal of the store would contain, also for a store
// without one: all that is held, in the store's order, then the publications and the
// sequences used, each by key. Loading it in that order gives the same store. The
// caller adds the routing table, see TableChange.
func (s *Store) Snapshot(dst []Change) []Change {
	for _, items := range s.keys {
		items.each(func(it *item) { dst = append(dst, it.change()) })
	}
	for _, p := range s.allPublished(nil) {
		dst = append(dst, p.change())
	}
	for _, key := range slices.Sorted(maps.Keys(s.sequences)) {
		dst = append(dst, sequenceChange([]byte(key), s.sequences[key]))
	}
	return dst
}
