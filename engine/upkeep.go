package engine

import (
	"time"

	"kadmium/rpc"
	"kadmium/store"

	"kadmium/identity"
)

// probe pings the least recently seen contact of a full bucket, so that a
// newcomer gets its place if it is gone (Kademlia, section 4.1). How the request
// ends is the table's business alone.
func (e *Engine) probe() {
	c := e.probes[0]
	e.probes = e.probes[1:]
	e.stats.Probes++
	e.ask(nobody, c, e.newRequest(rpc.Ping))
}

func (e *Engine) probesWait() time.Time { return dueIf(len(e.probes) > 0) }

// tableChanged is when the table is to be journalled.
func (e *Engine) tableChanged() time.Time { return dueIf(e.cfg.Durable && e.tableNew) }

// maxTableSaved bounds the contacts journalled: a way back in needs no more.
const maxTableSaved = 256

// saveTable journals the contacts of the table, most recently seen last in each
// bucket, nearest buckets first.
func (e *Engine) saveTable() {
	e.tableNew = false
	var addresses []identity.Address
	e.table.Each(func(c identity.Contact, _ time.Time, failures, _ int) {
		if failures == 0 && len(addresses) < maxTableSaved {
			addresses = append(addresses, e.book.Address(c))
		}
	})
	e.journal([]store.Op{store.TableOp(addresses)})
}
