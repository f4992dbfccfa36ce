package engine

import (
	"bytes"
	"slices"

	"kadmium/identity"
)

// A contactSet is a list of contacts, or of peers by 64 bits of their positions, each
// once. It is searched far more often than it changes: a byte of each stands apart,
// where bytes.IndexByte goes through hundreds in nanoseconds. That is as fast as a
// map in a third of its memory, and a process may hold a million nodes.
type contactSet[T identity.Contact | uint64] struct {
	tags []byte // the low byte of each
	all  []T
}

// index is the place of one, or -1.
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

// add puts one at the end of a list that never holds more than most.
func (s *contactSet[T]) add(c T, most int) {
	s.tags = append(room(s.tags, most), byte(c))
	s.all = append(room(s.all, most), c)
}

// put has one take place i.
func (s *contactSet[T]) put(i int, c T) { s.tags[i], s.all[i] = byte(c), c }

// remove takes those from place i to before j out.
func (s *contactSet[T]) remove(i, j int) {
	s.tags = slices.Delete(s.tags, i, j)
	s.all = slices.Delete(s.all, i, j)
}

// room makes room for one more in a list that never holds more than most. Where
// append would double it, this adds little, for lists that stay.
func room[T any](list []T, most int) []T {
	const growBy = 32
	if len(list) < cap(list) {
		return list
	}
	grown := make([]T, len(list), min(len(list)+growBy, most))
	copy(grown, list)
	return grown
}
