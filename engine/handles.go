package engine

import (
	"bytes"
	"slices"

	"kadmium/identity"
)

// handles is a list of contacts, each once, that is searched far more often than it
// changes. A byte of each handle stands apart, where bytes.IndexByte goes through
// hundreds in nanoseconds: as fast as a map in a third of its memory, and a process
// may hold a million nodes.
type handles struct {
	tags     []byte // the low byte of each
	contacts []identity.Contact
}

// index is the place of a contact, or -1.
func (h *handles) index(c identity.Contact) int {
	for from := 0; ; from++ {
		i := bytes.IndexByte(h.tags[from:], byte(c))
		if i < 0 {
			return -1
		}
		if from += i; h.contacts[from] == c {
			return from
		}
	}
}

// add puts a contact at the end of a list that never holds more than most.
func (h *handles) add(c identity.Contact, most int) {
	h.tags = append(room(h.tags, most), byte(c))
	h.contacts = append(room(h.contacts, most), c)
}

// put has a contact take place i.
func (h *handles) put(i int, c identity.Contact) { h.tags[i], h.contacts[i] = byte(c), c }

// remove takes the contacts from place i to before j out.
func (h *handles) remove(i, j int) {
	h.tags = slices.Delete(h.tags, i, j)
	h.contacts = slices.Delete(h.contacts, i, j)
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
