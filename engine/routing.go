package engine

import (
	"kadmium/identity"
	"kadmium/kbucket"
)

// contacted follows an authenticated round trip with a peer at an address: if it
// serves it belongs in the table (design, section 4).
func (e *Engine) contacted(c identity.Contact, serves bool) {
	if !serves {
		if removed, promoted := e.table.Remove(c); removed {
			e.contactLeft(c, promoted)
		}
		return
	}
	e.unresponsive.forget(c)
	switch e.table.Seen(e.now, c) {
	case kbucket.Added:
		e.tableUnsaved = true
		e.event(Event{Kind: PeerAdded, Contact: c})
		e.queueHandovers(c)
	case kbucket.Waiting:
		if old, ok := e.table.Probe(e.now, c); ok {
			e.probes.add(old, e.now) // at most one a bucket a minute
		}
		e.queueHandovers(c)
	case kbucket.Elsewhere:
		e.checkAddress(c)
	}
}

// contactFailed follows the failure of all tries of a request that counts.
func (e *Engine) contactFailed(c identity.Contact) {
	evicted, promoted := e.table.Failed(c)
	if e.table.Failures(c) > 0 {
		e.suspect(c)
		return
	}
	e.unresponsive.add(c, e.now)
	if evicted {
		e.contactLeft(c, promoted)
	}
}

// contactLeft follows the departure of a contact, and the promotion of another if it
// is not 0.
func (e *Engine) contactLeft(c, promoted identity.Contact) {
	e.tableUnsaved = true
	e.forgetNewcomer(c) // should it return, it may have forgotten its keys
	e.event(Event{Kind: PeerRemoved, Contact: c})
	if promoted != 0 {
		e.event(Event{Kind: PeerAdded, Contact: promoted})
	}
}
