package kbucket

import (
	"slices"

	"kadmium/identity"
)

// wait puts a contact that finds its bucket full at the head of the replacement
// list (Kademlia, section 4.1: most recently seen first). The oldest falls off
// a full list. Unlike a contact in the bucket, one that waits is named to nobody,
// so a peer's newest address is taken as it comes.
func (t *Table) wait(b *bucket, c identity.Contact, p *identity.Position) Outcome {
	i, out := t.indexOfWaiting(b, c, p), identity.Contact(0)
	if i >= 0 {
		out = b.waiting[i]
	}
	if out == c {
		copy(b.waiting[1:], b.waiting[:i])
		b.waiting[0] = c
		return Waiting
	}
	if !t.bucketAdmits(b, c, out) {
		return Refused
	}
	if i < 0 && len(b.waiting) >= t.cfg.Replacements {
		i = len(b.waiting) - 1
	}
	if i >= 0 {
		t.forgetWaiting(b, i)
	}
	t.countIn(c)
	b.waiting = insert(b.waiting, 0, c, t.cfg.Replacements)
	return Waiting
}

// indexOfWaiting is the place of a peer in the replacement list, under any
// handle, or -1.
func (t *Table) indexOfWaiting(b *bucket, c identity.Contact, p *identity.Position) int {
	if i := slices.Index(b.waiting, c); i >= 0 {
		return i
	}
	for i, w := range b.waiting {
		if *t.book.Position(w) == *p {
			return i
		}
	}
	return -1
}

// forgetWaiting removes contact i from the replacement list.
func (t *Table) forgetWaiting(b *bucket, i int) {
	t.countOut(b.waiting[i])
	b.waiting = slices.Delete(b.waiting, i, i+1)
}

// promote gives a free place in the bucket to the newest of those that wait, or
// returns 0 if nobody does. One whose subnet has come to its share of the table
// is forgotten, so that nobody ever waits for a bucket with room. The promoted
// enters as the least recently seen: it may have left while it waited, so the
// next probe goes to it.
func (t *Table) promote(b *bucket, cpl int) identity.Contact {
	for len(b.waiting) > 0 {
		c := b.waiting[0]
		if !t.tableAdmits(c, 0) {
			t.forgetWaiting(b, 0)
			continue
		}
		b.waiting = slices.Delete(b.waiting, 0, 1)
		e := entry{contact: c, key: keyBits(t.book.Position(c), cpl)}
		b.contacts = insert(b.contacts, 0, e, t.cfg.K)
		return c
	}
	return 0
}
