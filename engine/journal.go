package engine

import (
	"fmt"
	"time"

	"kadmium/identity"
	"kadmium/store"
)

// maxWithheld bounds the writes whose journal entry is not synced yet.
const maxWithheld = 4096

// persist has ops journalled and calls done once they are synced, or with the
// error: at once where nothing is journalled.
func (e *Engine) persist(ops []store.Op, done func(error)) {
	if !e.cfg.Durable || len(ops) == 0 {
		done(nil)
		return
	}
	if e.withheld == nil {
		e.withheld = make(map[uint64]func(error))
	}
	e.lastBatch++
	e.withheld[e.lastBatch] = done
	e.emit(Effect{Kind: Persist, Batch: e.lastBatch, Ops: ops})
}

// journal has ops journalled without anybody waiting for it.
func (e *Engine) journal(ops []store.Op) {
	if e.cfg.Durable && len(ops) > 0 {
		e.emit(Effect{Kind: Persist, Ops: ops})
	}
}

// Persisted tells the engine that a batch is synced, or that it could not be.
func (e *Engine) Persisted(now time.Time, batch uint64, err error, fx []Effect) []Effect {
	e.enter(now, fx)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrJournal, err)
		e.counters.JournalErrors++
	}
	if done, ok := e.withheld[batch]; ok {
		delete(e.withheld, batch)
		done(err)
	}
	return e.leave()
}

// wantsTableSaved is when the table is to be journalled.
func (e *Engine) wantsTableSaved() time.Time { return dueIf(e.cfg.Durable && e.tableUnsaved) }

// saveTable journals the way back into the network.
func (e *Engine) saveTable() {
	e.tableUnsaved = false
	if way := e.contactsToSave(); len(way) > 0 {
		e.journal([]store.Op{store.TableOp(way)})
	}
}

// SaveTable journals the table if it changed since it last was: for a driver that
// is about to stop.
func (e *Engine) SaveTable(now time.Time, fx []Effect) []Effect {
	e.enter(now, fx)
	if e.cfg.Durable && e.tableUnsaved {
		e.saveTable()
	}
	return e.leave()
}

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

// Load takes in one journal entry of an earlier run, before anything else is
// called. Its error names an entry that makes no sense.
func (e *Engine) Load(now time.Time, op store.Op) error {
	return e.store.Load(now, op)
}

// Saved is the number of contacts an earlier run left.
func (e *Engine) savedContacts() int { return len(e.store.Table()) }
