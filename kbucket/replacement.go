package kbucket

import (
	"slices"

	"kadmium/identity"
)

// wait puts a contact that finds its bucket full at the head of the replacement
// list (Kademlia, section 4.1: most recently seen first). The oldest falls off
// a full list. Unlike a contact in the bucket, one that waits is named to nobody,
// so a peer's newest address is taken as it comes.
func (t *Table) wait(b *bucket, cpl int, c identity.Contact, p *identity.Position) Outcome {
	if i := b.indexOfWaiter(c); i >= 0 {
		w := b.waiting[i]
		copy(b.waiting[1:], b.waiting[:i])
		b.waiting[0] = w
		return Waiting
	}
	i, out := t.indexOfWaitingPeer(b, cpl, p), identity.Contact(0)
	if i >= 0 {
		out = b.waiting[i].contact
	}
	s := t.shareOf(c)
	if !t.bucketAdmits(b, s, out) {
		return Refused
	}
	if i < 0 && len(b.waiting) >= t.limits.replacements {
		i = len(b.waiting) - 1
	}
	if i >= 0 {
		t.forgetWaiting(b, i)
	}
	t.countIn(s)
	b.waiting = insert(b.waiting, 0, waiter{c, keyBits(p, cpl)}, t.limits.replacements)
	return Waiting
}

// indexOfWaiter is the place of a handle in the replacement list, or -1.
func (b *bucket) indexOfWaiter(c identity.Contact) int {
	for i, w := range b.waiting {
		if w.contact == c {
			return i
		}
	}
	return -1
}

// indexOfWaitingPeer is the place of the peer at p in the replacement list, under
// any handle, or -1.
func (t *Table) indexOfWaitingPeer(b *bucket, cpl int, p *identity.Position) int {
	key := keyBits(p, cpl)
	for i, w := range b.waiting {
		if w.key == key && *t.book.Position(w.contact) == *p {
			return i
		}
	}
	return -1
}

// forgetWaiting removes contact i from the replacement list.
func (t *Table) forgetWaiting(b *bucket, i int) {
	t.countOut(b.waiting[i].contact)
	b.waiting = slices.Delete(b.waiting, i, i+1)
}

// promote gives a free place in the bucket to the newest of those that wait, or
// returns 0 if nobody does. One whose subnet has come to its share of the table
// is forgotten, so that nobody ever waits for a bucket with room. The promoted
// enters as the least recently seen: it may have left while it waited, so the
// next probe goes to it.
func (t *Table) promote(b *bucket) identity.Contact {
	for len(b.waiting) > 0 {
		w := b.waiting[0]
		if !t.tableAdmits(t.shareOf(w.contact), 0) {
			t.forgetWaiting(b, 0)
			continue
		}
		b.waiting = slices.Delete(b.waiting, 0, 1)
		t.putIn(b, 0, entry{contact: w.contact, key: w.key})
		return w.contact
	}
	return 0
}
