package engine

import (
	"time"

	"kadmium/identity"
)

// Left takes a peer out of the routing table that has said that it ends (design R4.28). It
// has not failed, so nothing is done to find it again.
func (e *Engine) Left(now time.Time, c identity.Contact, fx []Effect) []Effect {
	e.enter(now, fx)
	e.counters.seldom().Left++
	if removed, promoted := e.table.Remove(c); removed {
		e.contactLeft(c, promoted)
	} else {
		e.promoted(promoted)
	}
	e.notLost(c)
	e.handOverEnds(e.book.Address(c).ID)
	return e.leave()
}
