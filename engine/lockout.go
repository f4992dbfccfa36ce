package engine

import "kadmium/identity"

// lockedOut reports a contact of the table that failed twice in a row, until it has
// answered a probe, and any other that was silent less than a minute ago: no lookup
// asks it (Kademlia, section 4.1).
func (e *Engine) lockedOut(c identity.Contact) bool {
	at, silent := e.unresponsive.when(c)
	return silent && e.now.Sub(at) < lockOutPeriod || e.table.Failures(c) > 1
}

func (e *Engine) mayAsk(c identity.Contact) bool { return !e.lockedOut(c) }
