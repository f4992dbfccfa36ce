package engine

import (
	"slices"
	"time"

	"kadmium/identity"
)

// maxProbes bounds the contacts that wait to be pinged (design R8.24).
const maxProbes = 512

// A probeQueue holds the contacts to be pinged, in the order of their times, each once.
type probeQueue []check

// A check is a contact to be pinged, and when.
type check struct {
	to identity.Contact
	at time.Time
}

// next is when the first contact is due. Zero: there is none.
func (q probeQueue) next() time.Time {
	if len(q) == 0 {
		return time.Time{}
	}
	return q[0].at
}

// take removes the first contact and returns it.
func (q *probeQueue) take() identity.Contact {
	c := (*q)[0].to
	if *q = (*q)[1:]; len(*q) == 0 {
		*q = nil
	}
	return c
}

// add adds a contact, unless it is queued already or the queue is full.
func (q *probeQueue) add(c identity.Contact, at time.Time) {
	i := len(*q)
	for j, p := range *q {
		if p.to == c {
			return
		}
		if i == len(*q) && at.Before(p.at) {
			i = j
		}
	}
	if len(*q) < maxProbes {
		*q = slices.Insert(*q, i, check{c, at})
	}
}
