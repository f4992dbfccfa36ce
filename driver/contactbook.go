package driver

import (
	"slices"

	"kadmium/identity"
)

// minCollected is the size of the contact book below which no contact is removed: what
// a node with full buckets holds, with its round trip times.
const minCollected = 256

// collectContacts removes the contacts that nothing refers to from the book (design
// R1.19), once it has grown by half since the last time. The caller holds d.mu.
func (d *Driver) collectContacts() {
	if d.book.Len() < max(d.collectAt, minCollected) {
		return
	}
	d.book.Sweep(func(keep func(identity.Contact)) {
		d.engine.EachContact(keep)
		d.validations.eachContact(keep)
		d.peers.EachContact(keep)
	})
	d.collectAt = d.book.Len() * 3 / 2
}

func (q *validations) eachContact(keep func(identity.Contact)) {
	for _, a := range slices.Concat(q.waiting, q.running) {
		keep(a.From)
		for _, c := range a.Message.Contacts {
			keep(c)
		}
	}
}
