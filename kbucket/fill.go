package kbucket

import (
	"time"

	"kadmium/identity"
)

// Fill puts contacts into a bucket that is empty, as if each had been seen in turn:
// for a driver that makes a table rather than learns it. They are distinct peers of
// that bucket, and this is not checked; those over K or over a limit of their subnet
// are left out.
func (t *Table) Fill(now time.Time, cpl int, contacts []identity.Contact) {
	t.extend(now, cpl)
	b := &t.buckets[cpl]
	contacts = contacts[:min(len(contacts), t.cfg.K)]
	b.contacts = make([]entry, 0, len(contacts))
	for _, c := range contacts {
		s := t.shareOf(c)
		if !t.bucketAdmits(b, s, 0) || !t.tableAdmits(s, 0) {
			continue
		}
		t.countIn(s)
		t.putIn(b, len(b.contacts), entry{contact: c, key: keyBits(t.book.Position(c), cpl), state: t.seenNow(now)})
	}
}
