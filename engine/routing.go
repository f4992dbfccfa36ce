package engine

import (
	"kadmium/identity"
	"kadmium/kbucket"
)

// contacted follows an answer of a peer, or its request under a session at its proven
// address: a server belongs in the routing table (design R4.2, R4.3).
func (e *Engine) contacted(c identity.Contact, serves, unasked bool) {
	if !serves {
		e.heard(c)
		e.knowClient(c)
		if removed, promoted := e.table.Remove(c); removed {
			e.contactLeft(c, promoted)
			e.recheckSoon()
		} else {
			e.promoted(promoted)
		}
		return
	}
	e.unresponsive.forget(c)
	seen := e.seen(c, unasked)
	if e.queryFailures.heard(c) {
		e.table.Silent(c) // it is named to nobody (design R4.38)
	}
	if seen != kbucket.Moved { // one that is in the table is not lost
		e.heard(c)
	}
	switch seen {
	case kbucket.Added:
		e.met = true
		e.forgetClients()
		e.tableUnsaved = true
		e.event(Event{Kind: PeerAdded, Contact: c})
		e.queueHandovers(c)
	case kbucket.Waiting:
		if out, waits, ok := e.table.Displace(e.now, c); ok {
			e.displaced(out, c, waits)
		} else if old, ok := e.probeFor(c, unasked); ok {
			e.probes.add(old, e.now) // at most once per bucket and minute (design R4.4)
		}
		e.queueHandovers(c)
	case kbucket.Elsewhere:
		e.checkAddress(c)
	}
}

func (e *Engine) probeFor(c identity.Contact, unasked bool) (identity.Contact, bool) {
	if unasked {
		return 0, false
	}
	return e.table.Probe(e.now, c)
}

func (e *Engine) seen(c identity.Contact, unasked bool) kbucket.Outcome {
	if unasked {
		return e.table.SpokeFirst(e.now, c)
	}
	return e.table.Seen(e.now, c)
}

// contactFailed follows the failure of a request that counts against the peer.
func (e *Engine) contactFailed(c identity.Contact) {
	evicted, promoted := e.table.Failed(c)
	if e.table.Failures(c) > 0 {
		e.suspect(c)
		return
	}
	e.unresponsive.add(c, e.now)
	if evicted {
		e.lose(c)
		e.contactLeft(c, promoted)
		e.recheckSoon()
	} else {
		e.promoted(promoted)
	}
}

// displaced follows a newcomer's taking the place of a contact. One that waits has neither
// failed nor left; one that does not has not answered, as in contactFailed.
func (e *Engine) displaced(out, in identity.Contact, waits bool) {
	if !waits {
		e.lose(out)
		e.contactLeft(out, in)
		e.recheckSoon()
		return
	}
	e.tableUnsaved = true
	e.event(Event{Kind: PeerRemoved, Contact: out, Waits: true})
	e.event(Event{Kind: PeerAdded, Contact: in})
}

// contactLeft follows the removal of a contact from the routing table, and the promotion
// of a replacement unless promoted is 0.
func (e *Engine) contactLeft(c, promoted identity.Contact) {
	e.tableUnsaved = true
	e.newcomerLeft(c) // if it returns it may have lost its keys
	e.event(Event{Kind: PeerRemoved, Contact: c})
	e.promoted(promoted)
}

// promoted follows the promotion of a replacement, which may take a place that was kept
// after a restart for a contact that does not answer. 0: there was none.
func (e *Engine) promoted(c identity.Contact) {
	if c != 0 {
		e.tableUnsaved = true
		e.event(Event{Kind: PeerAdded, Contact: c})
	}
}
