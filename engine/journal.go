package engine

import (
	"fmt"
	"time"

	"kadmium/identity"
	"kadmium/store"
)

// maxUnsynced bounds the changes by writes of others that wait for the journal (design
// R8.7). Those of a node's own puts wait there too; the puts are bounded by maxOperations.
const maxUnsynced = 4096

// unsyncedWrites are the writes that wait for the journal.
type unsyncedWrites struct {
	byID    map[uint64]unsyncedWrite
	changes int                       // that they make
	of      map[identity.NetGroup]int // changes by wide subnet
}

type unsyncedWrite struct {
	done    func(error)
	changes int
	wide    identity.NetGroup // of who sent it; zero: this node
}

func (u *unsyncedWrites) len() int {
	if u == nil {
		return 0
	}
	return len(u.byID)
}

// haveRoom reports whether a source may have another write wait: its wide subnet takes a
// quarter of the room that is left, so that there is room for those that have none waiting,
// however many others there are (the dynamic threshold of Choudhury and Hahne, 1998).
func (u *unsyncedWrites) haveRoom(source identity.NetGroup) bool {
	if u == nil {
		return true
	}
	return u.of[source.Wide()] < (maxUnsynced-u.changes+3)/4
}

func (u *unsyncedWrites) add(id uint64, w unsyncedWrite) {
	u.byID[id] = w
	u.changes += w.changes
	u.of[w.wide] += w.changes
}

func (u *unsyncedWrites) take(id uint64) (unsyncedWrite, bool) {
	if u == nil {
		return unsyncedWrite{}, false
	}
	w, ok := u.byID[id]
	if ok {
		delete(u.byID, id)
		u.changes -= w.changes
		if u.of[w.wide] -= w.changes; u.of[w.wide] == 0 {
			delete(u.of, w.wide)
		}
	}
	return w, ok
}

// persist asks the driver to journal the changes of a write of this node, see persistFor.
func (e *Engine) persist(changes []store.Change, done func(error)) {
	e.persistFor(identity.NetGroup{}, changes, done)
}

// persistFor asks the driver to journal changes that a source's write makes. It calls done
// once they are synced, or with the error. If there is nothing to journal it calls done at
// once. All changes are one transaction.
func (e *Engine) persistFor(source identity.NetGroup, changes []store.Change, done func(error)) {
	if !e.cfg.Durable || len(changes) == 0 {
		done(nil)
		return
	}
	if e.unsynced == nil {
		e.unsynced = &unsyncedWrites{byID: make(map[uint64]unsyncedWrite), of: make(map[identity.NetGroup]int)}
	}
	e.lastPersistID++
	e.unsynced.add(e.lastPersistID, unsyncedWrite{done, len(changes), source.Wide()})
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
	if w, ok := e.unsynced.take(id); ok {
		w.done(err)
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
