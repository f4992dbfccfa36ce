package kbucket

import (
	"time"

	"kadmium/identity"
)

// An Outcome says what became of a contact that was seen.
type Outcome uint8

// The outcomes of Seen.
const (
	Refused   Outcome = iota // it is the node itself, or its subnet is at its limit
	Added                    // it entered its bucket
	Moved                    // it was there: now it is the most recently seen, and its failures are forgotten
	Waiting                  // its bucket is full: it is the newest replacement
	Elsewhere                // the peer is in the table at another address; nothing changed
)

var outcomeNames = [...]string{"refused", "added", "moved", "waiting", "elsewhere"}

// String is the outcome as one word.
func (o Outcome) String() string {
	if int(o) >= len(outcomeNames) {
		return "unknown"
	}
	return outcomeNames[o]
}

// Seen records that a serving contact was heard: an authenticated round trip
// with it, or an authenticated message from an address it has proved (Kademlia,
// section 2.2; design R4.2). Never call it for less.
//
// After Waiting, Displace says whether an old contact leaves for it, and Probe
// whether to ping one. After Elsewhere the caller pings the new address, and calls
// Replace and Seen if it answers (design R4.6): a peer that moved keeps its place,
// and nobody can redirect it to an address that is not its own.
func (t *Table) Seen(now time.Time, c identity.Contact) Outcome { return t.seen(now, c, false) }

// SpokeFirst is Seen for a contact that sent a request unasked. Where the policy keeps free
// places for contacts that this node finds itself, it gets none of these (design R4.35).
func (t *Table) SpokeFirst(now time.Time, c identity.Contact) Outcome { return t.seen(now, c, true) }

func (t *Table) seen(now time.Time, c identity.Contact, unasked bool) Outcome {
	p := t.book.Position(c)
	cpl := identity.CommonPrefixLen(&t.self, p)
	if cpl == identity.Bits {
		return Refused
	}
	t.extend(now, cpl)
	b := &t.buckets[cpl]
	if i := t.indexOf(b, c); i >= 0 {
		t.toTail(b, i, now)
		return Moved
	}
	if t.indexOfPeer(b, cpl, p) >= 0 {
		return Elsewhere
	}
	kept := t.keptFor(p)
	taken := t.taken(cpl)
	unasked = unasked || t.waitsUnasked(b, cpl, p)
	if unasked {
		taken += int(b.vacant)
	}
	if room := t.Room(cpl); kept == 0 && taken >= room.Contacts {
		return t.addReplacement(cpl, c, p, room.Replacements, unasked)
	}
	if i := t.indexOfReplacementPeer(b, cpl, p); i >= 0 { // the policy has made room since
		t.dropReplacement(cpl, i)
	}
	s := t.subnetOf(c)
	if !t.bucketAdmits(b, s, kept) || !t.tableAdmits(s, kept) {
		return Refused
	}
	t.giveUp(p)
	t.countIn(s)
	e := entry{handle: handleOf(c), mark: t.markOf(p, cpl)}
	t.see(&e, now)
	t.putIn(cpl, int(b.contacts), e)
	b.vacant = uint8(min(int(b.vacant), max(0, t.Room(cpl).Contacts-t.taken(cpl))))
	return Added
}

// Replace gives the peer in a bucket under the handle old its new address,
// whose handle is new. It reports false, and changes nothing, if old is not in a
// bucket, if the two are not one peer, or if the new address's subnet is at its
// limit. It changes neither the failures nor when the peer was seen.
func (t *Table) Replace(old, new identity.Contact) bool {
	b, _ := t.bucketOf(old)
	if b == nil || *t.book.Position(old) != *t.book.Position(new) {
		return false
	}
	i := t.indexOf(b, old)
	s := t.subnetOf(new)
	if i < 0 || !t.bucketAdmits(b, s, old) || !t.tableAdmits(s, old) {
		return false
	}
	t.countOut(old)
	t.countIn(s)
	t.of(b)[i].handle = handleOf(new)
	return true
}
