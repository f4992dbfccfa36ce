package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/store"
)

// Snapshot is what a journal would hold of this engine, whether there is one or not:
// records and provider entries, what it publishes, the sequences it used and its
// table. A driver without a journal can so stop a node, and start it again by
// calling Load with each, in order.
func (e *Engine) Snapshot() []store.Op {
	ops := e.store.Snapshot(nil)
	way := e.contactsToSave()
	if len(way) == 0 {
		way = e.store.Table()
	}
	if len(way) > 0 {
		ops = append(ops, store.TableOp(way))
	}
	return ops
}

// maxTableSaved bounds the contacts journalled: a way back in needs no more.
const maxTableSaved = 512

// contactsToSave is the contacts of the table that have not failed. Where there are none,
// the last that were known are the better way back.
func (e *Engine) contactsToSave() []identity.Address {
	var addresses []identity.Address
	e.table.Each(func(c identity.Contact, _ time.Time, failures, _ int) {
		if failures == 0 && len(addresses) < maxTableSaved {
			addresses = append(addresses, e.book.Address(c))
		}
	})
	return addresses
}
