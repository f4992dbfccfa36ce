package engine

import (
	"fmt"
	"time"

	"kadmium/identity"
	"kadmium/store"
)

// maxUnsynced bounds the writes of others that wait for the journal (design R8.7). A
// node's own puts wait there too, and are bounded by maxOperations.
const maxUnsynced = 4096

// persist asks the driver to journal changes. It calls done once they are synced, or with
// the error. If there is nothing to journal it calls done at once.
func (e *Engine) persist(changes []store.Change, done func(error)) {
	if !e.cfg.Durable || len(changes) == 0 {
		done(nil)
		return
	}
	if e.unsynced == nil {
		e.unsynced = make(map[uint64]func(error))
	}
	e.lastPersistID++
	e.unsynced[e.lastPersistID] = done
	e.emit(Effect{Kind: Persist, PersistID: e.lastPersistID, Changes: changes})
}

// journal asks the driver to journal changes, and does not wait for it.
func (e *Engine) journal(changes []store.Change) {
	if e.cfg.Durable && len(changes) > 0 {
		e.emit(Effect{Kind: Persist, Changes: changes})
	}
}

// Persisted tells the engine that the changes of a Persist effect are synced, or why they
// could not be written.
func (e *Engine) Persisted(now time.Time, id uint64, err error, fx []Effect) []Effect {
	e.enter(now, fx)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrJournal, err)
		e.counters.seldom().JournalErrors++
	}
	if done, ok := e.unsynced[id]; ok {
		delete(e.unsynced, id)
		done(err)
	}
	return e.leave()
}

// wantsTableSaved is when to journal the contacts of the routing table.
func (e *Engine) wantsTableSaved() time.Time { return dueIf(e.cfg.Durable && e.tableUnsaved) }

// saveTable journals the contacts through which the node can join again.
func (e *Engine) saveTable() {
	e.tableUnsaved = false
	if way := e.contactsToSave(); len(way) > 0 {
		e.journal([]store.Change{store.TableChange(way)})
	}
}

// SaveTable journals the contacts of the routing table if it has changed since. A driver
// calls it before it stops.
func (e *Engine) SaveTable(now time.Time, fx []Effect) []Effect {
	e.enter(now, fx)
	if e.cfg.Durable && e.tableUnsaved {
		e.saveTable()
	}
	return e.leave()
}

// Snapshot is what a journal of this engine would hold, whether there is one or not:
// records and provider entries, what the node publishes, the sequences it has used, and
// its contacts. With it a driver without a journal can stop a node and start it again, by
// calling Load with each in order.
func (e *Engine) Snapshot() []store.Change {
	changes := e.store.Snapshot(nil)
	way := e.contactsToSave()
	if len(way) == 0 {
		way = e.store.Table()
	}
	if len(way) > 0 {
		changes = append(changes, store.TableChange(way))
	}
	return changes
}

// maxTableSaved bounds the contacts that are journalled (design R8.26).
const maxTableSaved = 512

// contactsToSave are contacts of the routing table that have not failed, and those of an
// earlier run of which nothing is known yet. If there are none, those saved before are of
// more use.
func (e *Engine) contactsToSave() []identity.Address {
	var addresses []identity.Address
	e.table.Each(func(c identity.Contact, _ time.Time, failures, _ int) {
		if failures == 0 && len(addresses) < maxTableSaved {
			addresses = append(addresses, e.book.Address(c))
		}
	})
	e.table.EachKept(func(c identity.Contact, _ int) {
		if len(addresses) < maxTableSaved {
			addresses = append(addresses, e.book.Address(c))
		}
	})
	return addresses
}

// Load takes in one journal entry of an earlier run. It must be called before all other
// methods. Its error names an entry that makes no sense.
func (e *Engine) Load(now time.Time, c store.Change) error {
	if err := e.store.Load(now, c); err != nil {
		return err
	}
	switch c.Kind {
	case store.PublishedEntry:
		e.keepLoaded(e.store.Published(c.Key[1:]))
	case store.TableEntry:
		e.now = now
		e.keepPlaces(e.store.Table())
	}
	return nil
}

// Revive tells the engine that less time passed before the restart than Load was told
// (design R6.28).
func (e *Engine) Revive(now time.Time, by time.Duration, fx []Effect) []Effect {
	e.enter(now, fx)
	e.journal(e.store.Revive(now, by))
	return e.leave()
}

// savedContacts is the number of contacts that an earlier run saved.
func (e *Engine) savedContacts() int { return len(e.store.Table()) }
