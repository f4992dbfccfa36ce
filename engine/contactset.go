package engine

import (
	"bytes"
	"slices"

	"kadmium/identity"
)

// A contactSet is a list of contacts, or of peers by 64 bits of their positions, each
// once. It is searched far more often than it changes. So one byte of each is kept in a
// list of its own, where bytes.IndexByte searches hundreds in nanoseconds. That is as
// fast as a map, with a third of its memory, and a process may hold a million nodes.
type contactSet[T identity.Contact | uint64] struct {
	tags []byte // the low byte of each
	all  []T
}

// index is the place of an element, or -1.
func (s *contactSet[T]) index(c T) int {
	for from := 0; ; from++ {
		i := bytes.IndexByte(s.tags[from:], byte(c))
		if i < 0 {
			return -1
		}
		if from += i; s.all[from] == c {
			return from
		}
	}
}

// add appends an element to a list that never holds more than most.
func (s *contactSet[T]) add(c T, most int) {
	s.tags = append(room(s.tags, most), byte(c))
	s.all = append(room(s.all, most), c)
}

// remove removes the elements from place i up to but not including j.
func (s *contactSet[T]) remove(i, j int) {
	s.tags = slices.Delete(s.tags, i, j)
	s.all = slices.Delete(s.all, i, j)
}

// room makes room for one more element in a list that never holds more than most. append
// would double the capacity; these lists stay, so room adds little.
func room[T any](list []T, most int) []T {
	const growBy = 32
	if len(list) < cap(list) {
		return list
	}
	grown := make([]T, len(list), min(len(list)+growBy, most))
	copy(grown, list)
	return grown
}
