package engine

import (
	"slices"
	"time"

	"kadmium/identity"
)

// maxProbes bounds the contacts waiting to be pinged.
const maxProbes = 512

// A probeQueue holds the contacts to be pinged, each once, the first due first.
type probeQueue []check

// A check is a contact to be pinged.
type check struct {
	to identity.Contact
	at time.Time
}

// next is when the first is due; zero: none is.
func (q probeQueue) next() time.Time {
	if len(q) == 0 {
		return time.Time{}
	}
	return q[0].at
}

// take removes the first.
func (q *probeQueue) take() identity.Contact {
	c := (*q)[0].to
	if *q = (*q)[1:]; len(*q) == 0 {
		*q = nil
	}
	return c
}

// add takes a contact in, unless it waits already or there are maxProbes.
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
