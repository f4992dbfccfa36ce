package kbucket

import (
	"time"

	"kadmium/identity"
)

// Fill puts contacts into a bucket that is empty, as if each had been seen in turn:
// for a driver that makes a table rather than learns it. They are distinct peers of
// that bucket, at most k, and within the limits of their subnets; none of this is
// checked.
func (t *Table) Fill(now time.Time, cpl int, contacts []identity.Contact) {
	t.extend(now, cpl)
	at := int(t.buckets[cpl].first)
	stamp := t.stampOf(now)
	t.contacts = open(t.contacts, at, len(contacts))
	for i, c := range contacts {
		t.contacts[at+i] = entry{handleOf(c), stamp, t.markOf(t.book.Position(c), cpl)}
		if t.subnets != nil {
			t.countIn(t.subnetOf(c))
		}
	}
	t.holds(cpl, len(contacts))
	t.uncounted = t.subnets == nil
}
