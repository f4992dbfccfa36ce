package kbucket

import (
	"time"

	"kadmium/identity"
)

// Probe names the contact to ping for a newcomer c that was told to wait: the
// least recently seen of its bucket, and that at most once every ProbeInterval
// a bucket, however many newcomers come (Kademlia, sections 2.2 and 4.1). In a bucket
// where nobody fails the pause doubles with each probe, up to 2^maxCalm times that;
// the next failure ends the calm.
// If ok is false nothing is to be sent. The answer goes to Seen or Failed.
func (t *Table) Probe(now time.Time, c identity.Contact) (oldest identity.Contact, ok bool) {
	b, _ := t.bucketOf(c)
	if b == nil || len(b.waiting) == 0 || t.elapsed(now) < b.probeAt+ProbeInterval<<b.calm-ProbeInterval {
		return 0, false
	}
	if b.probeAt > 0 {
		b.calm = min(b.calm+1, maxCalm)
	}
	b.probeAt = t.elapsed(now) + ProbeInterval
	return b.contacts[0].contact, true
}

// Failed records that a request to a contact went unanswered in all its tries.
// Call it only while others are heard, so that a local outage empties nothing.
//
// A contact leaves its bucket at once if another waits for the place, else at
// MaxFailures failures without a word from it (design, section 4); until then it
// is not named to others. promoted is the contact that took its place, or 0. A
// contact that fails while it waits is forgotten.
func (t *Table) Failed(c identity.Contact) (evicted bool, promoted identity.Contact) {
	b, _ := t.bucketOf(c)
	if b == nil {
		return false, 0
	}
	i := b.indexOf(c)
	if i < 0 {
		if w := b.indexOfWaiter(c); w >= 0 {
			t.forgetWaiting(b, w)
		}
		return false, 0
	}
	b.calm = 0
	e := &b.contacts[i]
	if e.failures() == 0 {
		t.failing++
	}
	if e.state++; len(b.waiting) == 0 && e.failures() < MaxFailures {
		return false, 0
	}
	t.countOut(c)
	t.takeOut(b, i)
	return true, t.promote(b)
}

// Doubt is Failed for a request that was given up too soon to decide over a contact's
// place: it is named to nobody until it is heard, and a PING is to follow. False, and
// nothing changes, if the contact is in no bucket.
func (t *Table) Doubt(c identity.Contact) bool {
	b, _ := t.bucketOf(c)
	if b == nil {
		return false
	}
	i := b.indexOf(c)
	if i < 0 {
		return false
	}
	if e := &b.contacts[i]; e.failures() == 0 {
		t.failing++
		e.state++
	}
	return true
}

// Remove takes the contact's peer out of the table, under any handle: it says
// that it no longer serves. promoted is the contact that took its place in the
// bucket, or 0.
func (t *Table) Remove(c identity.Contact) (removed bool, promoted identity.Contact) {
	b, cpl := t.bucketOf(c)
	if b == nil {
		return false, 0
	}
	p := t.book.Position(c)
	if i := t.indexOfPeer(b, cpl, p); i >= 0 {
		t.countOut(b.contacts[i].contact)
		t.takeOut(b, i)
		return true, t.promote(b)
	}
	if i := t.indexOfWaitingPeer(b, cpl, p); i >= 0 {
		t.forgetWaiting(b, i)
	}
	return false, 0
}

// Failures is how many requests in a row the contact has failed; 0 also for one
// that is in no bucket.
func (t *Table) Failures(c identity.Contact) int {
	if t.failing == 0 {
		return 0
	}
	if b, _ := t.bucketOf(c); b != nil {
		if i := b.indexOf(c); i >= 0 {
			return b.contacts[i].failures()
		}
	}
	return 0
}
