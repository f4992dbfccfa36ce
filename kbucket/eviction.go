package kbucket

import (
	"time"

	"kadmium/identity"
)

// Probe names the contact to ping after Seen returned Waiting for c, by the policy: the
// least recently seen of its bucket (Kademlia, section 2.2). However many newcomers come, a
// bucket is probed at most once every ProbeInterval (section 4.1; design R4.4). The
// pause doubles with each probe, up to 2^maxBackoff times that, until a contact of the
// bucket fails. If ok is false nothing is to be sent. The answer goes to Seen, its
// absence to Failed.
func (t *Table) Probe(now time.Time, c identity.Contact) (oldest identity.Contact, ok bool) {
	b, cpl := t.bucketOf(c)
	if b == nil || b.replacements == 0 || b.contacts == 0 || t.elapsed(now) < b.probeAt+ProbeInterval<<b.backoff-ProbeInterval {
		return 0, false
	}
	i := t.policy.Probe(View{t, b, cpl})
	if i < 0 || i >= int(b.contacts) {
		return 0, false
	}
	if b.probeAt > 0 {
		b.backoff = min(b.backoff+1, maxBackoff)
	}
	b.probeAt = t.elapsed(now) + ProbeInterval
	return t.of(b)[i].contact(), true
}

// Failed records that a request to a contact was not answered in any of its tries.
// Call it only while other peers are heard, so that an outage of this node empties no
// bucket (design R4.7).
//
// A contact leaves its bucket at once if the policy says so (a replacement waits),
// otherwise after MaxFailures failures in a row (R4.10). Until then it is not named
// to others (R4.12). promoted is the contact that took its place, or 0. A
// replacement that fails is forgotten, and so is a contact that a place was kept for, which
// promotes another though nobody was evicted.
func (t *Table) Failed(c identity.Contact) (evicted bool, promoted identity.Contact) {
	b, cpl := t.bucketOf(c)
	if b == nil {
		return false, 0
	}
	i := t.indexOf(b, c)
	if i < 0 {
		if w := t.indexOfReplacement(b, c); w >= 0 {
			t.dropReplacement(cpl, w)
		}
		return false, t.keptFailed(c, cpl)
	}
	b.backoff = 0
	e := &t.of(b)[i]
	if !e.failing() {
		t.failing++
	}
	if e.fail(); e.failures() < MaxFailures && !t.policy.Evict(View{t, b, cpl}, i) {
		return false, 0
	}
	t.countOut(c)
	t.takeOut(cpl, i)
	return true, t.promote(cpl)
}

// Doubt is Failed for a request that was given up too soon to decide over a contact's
// place (design R4.11). The contact is not named to others until it is heard, and a
// PING is to follow. It is false, and nothing changes, if the contact is in no bucket.
func (t *Table) Doubt(c identity.Contact) bool {
	b, _ := t.bucketOf(c)
	if b == nil {
		return false
	}
	i := t.indexOf(b, c)
	if i < 0 {
		return false
	}
	if e := &t.of(b)[i]; e.failures() == 0 {
		if !e.failing() {
			t.failing++
		}
		e.fail()
	}
	return true
}

// Silent records that a request to a contact was not answered, where that does not count
// against it: during an outage of this node nobody answers (design R4.7). The contact is
// Failing until it is heard, and nothing else changes.
func (t *Table) Silent(c identity.Contact) {
	b, _ := t.bucketOf(c)
	if b == nil {
		return
	}
	if i := t.indexOf(b, c); i >= 0 {
		if e := &t.of(b)[i]; !e.failing() {
			t.failing++
			e.setBits(e.bits() | silentBit)
		}
	}
}

// Failing reports whether a contact did not answer a request since it was last seen,
// whether or not that counts as a failure. It is false for one that is in no bucket.
func (t *Table) Failing(c identity.Contact) bool {
	if t.failing == 0 {
		return false
	}
	if b, _ := t.bucketOf(c); b != nil {
		if i := t.indexOf(b, c); i >= 0 {
			return t.of(b)[i].failing()
		}
	}
	return false
}

// Remove takes the contact's peer out of the table, under any handle, since the peer
// said that it is no server any more. promoted is the contact that took its place in
// the bucket, or 0.
func (t *Table) Remove(c identity.Contact) (removed bool, promoted identity.Contact) {
	b, cpl := t.bucketOf(c)
	if b == nil {
		return false, 0
	}
	p := t.book.Position(c)
	if i := t.indexOfPeer(b, cpl, p); i >= 0 {
		t.countOut(t.of(b)[i].contact())
		t.takeOut(cpl, i)
		return true, t.promote(cpl)
	}
	if i := t.indexOfReplacementPeer(b, cpl, p); i >= 0 {
		t.dropReplacement(cpl, i)
	}
	if t.giveUp(p) {
		return false, t.promote(cpl)
	}
	return false, 0
}

// Failures is how many requests in a row the contact failed to answer, and 0 for one
// that is in no bucket.
func (t *Table) Failures(c identity.Contact) int {
	if t.failing == 0 {
		return 0
	}
	if b, _ := t.bucketOf(c); b != nil {
		if i := t.indexOf(b, c); i >= 0 {
			return t.of(b)[i].failures()
		}
	}
	return 0
}
