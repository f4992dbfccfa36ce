package engine

import (
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
)

// maxProbes bounds the contacts waiting to be pinged.
const maxProbes = 512

// suspicion is the pause before a contact that failed once is pinged again; each
// further failure makes it four times as long.
const probeDelay = time.Second

// lockedOut reports a contact of the table that failed twice in a row, until it has
// answered a probe, and any other that was silent less than a minute ago: no lookup
// asks it (Kademlia, section 4.1).
func (e *Engine) lockedOut(c identity.Contact) bool {
	at, silent := e.unresponsive.when(c)
	return silent && e.now.Sub(at) < lockOutPeriod || e.table.Failures(c) > 1
}

func (e *Engine) mayAsk(c identity.Contact) bool { return !e.lockedOut(c) }

// silence is how long a contact that is in no bucket is not asked after it failed.
const lockOutPeriod = time.Minute

// A check is a contact to be pinged.
type check struct {
	to identity.Contact
	at time.Time
}

// probe pings contacts in doubt: the least recently seen of a full bucket, so that
// a newcomer gets its place if it is gone, and those that failed a request, of
// which nobody is told until they answer again. How the request ends is the table's business alone.
func (e *Engine) probe() {
	c := e.probes[0].to
	if e.probes = e.probes[1:]; len(e.probes) == 0 {
		e.probes = nil
	}
	if held, ok := e.table.Find(e.book.Position(c)); !ok || held != c {
		return
	}
	e.stats.Probes++
	if !e.ask(nobody, c, e.newRequest(rpc.Ping)) {
		e.suspect(c)
	}
}

// suspect has a contact that failed pinged before long.
func (e *Engine) suspect(c identity.Contact) {
	if n := e.table.Failures(c); n > 0 {
		e.probeAt(c, e.now.Add(probeDelay<<(2*(n-1))))
	}
}

func (e *Engine) probeAt(c identity.Contact, at time.Time) {
	i := len(e.probes)
	for j, p := range e.probes {
		if p.to == c {
			return
		}
		if i == len(e.probes) && at.Before(p.at) {
			i = j
		}
	}
	if len(e.probes) < maxProbes {
		e.probes = slices.Insert(e.probes, i, check{c, at})
	}
}

func (e *Engine) probesWait() time.Time {
	if len(e.probes) == 0 {
		return time.Time{}
	}
	return e.probes[0].at
}

// tableChanged is when the table is to be journalled.
func (e *Engine) tableChanged() time.Time { return dueIf(e.cfg.Durable && e.tableUnsaved) }

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
