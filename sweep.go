package kadmium

import (
	"slices"

	"kadmium/identity"
)

// minSweep is the size of the contact book below which nothing is forgotten: what a
// node holds on to with full buckets and its round trip times.
const minSweep = 256

// sweep forgets the contacts that nothing refers to, once the book has grown by half
// since the last time. The caller holds n.mu.
func (n *Node) sweep() {
	if n.book.Len() < max(n.sweepNext, minSweep) {
		return
	}
	n.book.Sweep(func(keep func(identity.Contact)) {
		n.engine.EachContact(keep)
		n.checks.eachContact(keep)
	})
	n.sweepNext = n.book.Len() * 3 / 2
}

func (q *checks) eachContact(keep func(identity.Contact)) {
	for _, a := range slices.Concat(q.waiting, q.running) {
		keep(a.From)
		for _, c := range a.Message.Contacts {
			keep(c)
		}
	}
}
