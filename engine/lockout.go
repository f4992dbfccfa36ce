package engine

import "kadmium/identity"

// lockedOut reports whether no lookup may ask a contact (Kademlia, section 4.1): a
// contact of the table that failed twice in a row (design R4.13), and any other that
// failed less than a minute ago (design R4.14), and one that answers PINGs and no queries
// (design R4.38).
func (e *Engine) lockedOut(c identity.Contact) bool {
	at, failed := e.unresponsive.when(c)
	return failed && e.now.Sub(at) < lockOutPeriod || e.table.Failures(c) > 1 || e.queryFailures.lockedOut(c)
}

// hasFailed reports whether a contact has failed and was not heard since, as far as the
// engine remembers, or outside the table within lockOutPeriod.
func (e *Engine) hasFailed(c identity.Contact) bool {
	at, failed := e.unresponsive.when(c)
	return failed && e.now.Sub(at) < lockOutPeriod || e.table.Failing(c)
}

func (e *Engine) mayAsk(c identity.Contact) bool { return !e.lockedOut(c) }
