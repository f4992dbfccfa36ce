package engine

import (
	"time"
)

// aloneAfter is how long nobody answers until a node tries its bootstrap list
// again. Silence empties no table, so an empty one is not the only sign.
const aloneAfter = time.Minute

// aloneSince is when the node is or was alone: its table is empty, or nobody
// answers. Zero: it is in company.
func (e *Engine) aloneSince() time.Time {
	if e.table.Len() == 0 {
		return overdue
	}
	if since := e.outage.silentFrom; !since.IsZero() {
		return since.Add(aloneAfter)
	}
	return time.Time{}
}

// Alone reports whether the node knows nobody, or nobody has answered it for a
// while.
func (e *Engine) Alone(now time.Time) bool {
	at := e.aloneSince()
	return !at.IsZero() && !at.After(now)
}

// wantsRejoin is when the bootstrap list is worth trying again.
func (e *Engine) wantsRejoin() time.Time {
	if e.joining > 0 || e.counters.Joins == 0 || len(e.cfg.Bootstrap)+e.savedContacts() == 0 {
		return time.Time{}
	}
	return e.aloneSince()
}

func (e *Engine) rejoin() { e.join(0, nil) }
