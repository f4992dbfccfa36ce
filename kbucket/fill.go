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
	b := &t.buckets[cpl]
	b.contacts = make([]entry, len(contacts))
	state := t.seenNow(now)
	for i, c := range contacts {
		b.contacts[i] = entry{contact: c, key: keyBits(t.book.Position(c), cpl), state: state}
		if t.subnets != nil {
			t.countIn(t.subnetOf(c))
		}
	}
	t.countBy(int16(len(contacts)))
	t.uncounted = t.subnets == nil
}
