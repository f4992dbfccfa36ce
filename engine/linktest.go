package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// testLink asks the contact of the table heard from last, but not the peer that does
// not answer, whether this node's link works.
func (e *Engine) testLink(not identity.Contact) {
	var best identity.Contact
	var at time.Time
	e.table.Each(func(c identity.Contact, seen time.Time, _, _ int) {
		if c != not && (best == 0 || seen.After(at)) {
			best, at = c, seen
		}
	})
	if best != 0 {
		e.ask(owner{activity: linkTest}, best, e.newRequest(rpc.Ping))
	}
}
