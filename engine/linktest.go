package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// testLink sends a PING to the contact heard most recently, other than the peer that does
// not answer (design R4.8).
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
