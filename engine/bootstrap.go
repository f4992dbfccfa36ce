package engine

import "time"

// aloneAfter is how long nobody may answer before the node counts as alone (design R7.2).
// The table is then not empty, because failures do not count during an outage.
const aloneAfter = time.Minute

// aloneSince is the time from which the node is or will be alone (design R7.2). Zero: it
// is not alone.
func (e *Engine) aloneSince() time.Time {
	if e.table.Len() == 0 {
		return overdue
	}
	if since := e.outage.silentFrom; !since.IsZero() {
		return since.Add(aloneAfter)
	}
	return time.Time{}
}

// Alone reports whether the routing table is empty, or nobody has answered for a minute
// (design R7.2).
func (e *Engine) Alone(now time.Time) bool {
	at := e.aloneSince()
	return !at.IsZero() && !at.After(now)
}

// wantsJoin is when to join again: once the node is alone, if it has joined before and
// there are addresses to try.
func (e *Engine) wantsJoin() time.Time {
	since := e.aloneSince()
	if since.IsZero() || e.joining > 0 || e.counters.Joins == 0 || len(e.cfg.Bootstrap)+e.savedContacts() == 0 {
		return time.Time{}
	}
	return since
}

// MetNobody reports whether this node has never had a contact, in an earlier run neither.
func (e *Engine) MetNobody() bool { return !e.met && e.savedContacts() == 0 }

func (e *Engine) joinAgain() { e.join(0, nil, 0) }
