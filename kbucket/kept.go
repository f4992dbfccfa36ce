package kbucket

import (
	"slices"
	"time"

	"kadmium/identity"
)

// Places kept for the contacts of an earlier run (design R4.34). Who speaks first after a
// restart would else fill the empty buckets, and a node that answered for days would come
// too late.

// A keptPlace is a place of a bucket that waits for its contact to answer.
type keptPlace struct {
	contact identity.Contact
	cpl     int
}

// Keep keeps a place for a contact of an earlier run, within the limits of its subnet. It
// is false, and nothing changes, if there is no room or its peer has a place. Until the
// contact is Seen nobody is told of it: only EachHandle and EachKept name it. Failed and
// Remove give its place to others.
func (t *Table) Keep(now time.Time, c identity.Contact) bool {
	p := t.book.Position(c)
	cpl := identity.CommonPrefixLen(&t.self, p)
	if cpl == identity.Bits {
		return false
	}
	t.extend(now, cpl)
	b, s := &t.buckets[cpl], t.subnetOf(c)
	if t.taken(cpl) >= t.Room(cpl).Contacts || t.indexOfPeer(b, cpl, p) >= 0 ||
		t.indexOfReplacementPeer(b, cpl, p) >= 0 || t.indexOfKept(p) >= 0 ||
		!t.bucketAdmits(b, s, 0) || !t.tableAdmits(s, 0) {
		return false
	}
	t.countIn(s)
	t.kept = append(t.kept, keptPlace{c, cpl})
	return true
}

// EachKept calls f with every contact that a place is kept for, in the order of Keep. f must
// not change the table.
func (t *Table) EachKept(f func(c identity.Contact, bucket int)) {
	for _, k := range t.kept {
		f(k.contact, k.cpl)
	}
}

// Kept is the number of places that are kept.
func (t *Table) Kept() int { return len(t.kept) }

// taken is the number of places of a bucket that are no newcomer's.
func (t *Table) taken(cpl int) int {
	n := int(t.buckets[cpl].contacts)
	for _, k := range t.kept {
		if k.cpl == cpl {
			n++
		}
	}
	return n
}

// indexOfKept is the index of the place kept for the peer at p, or -1.
func (t *Table) indexOfKept(p *identity.Position) int {
	for i, k := range t.kept {
		if *t.book.Position(k.contact) == *p {
			return i
		}
	}
	return -1
}

// keptFor is the contact that a place is kept for, at whatever address its peer is now; 0:
// there is none.
func (t *Table) keptFor(p *identity.Position) identity.Contact {
	if i := t.indexOfKept(p); i >= 0 {
		return t.kept[i].contact
	}
	return 0
}

// giveUp ends the keeping of the place of a peer, and reports whether there was one.
func (t *Table) giveUp(p *identity.Position) bool {
	i := t.indexOfKept(p)
	if i < 0 {
		return false
	}
	t.countOut(t.kept[i].contact)
	if t.kept = slices.Delete(t.kept, i, i+1); len(t.kept) == 0 {
		t.kept = nil
	}
	return true
}

// keptFailed gives up the place kept for c, if it is, and promotes a replacement.
func (t *Table) keptFailed(c identity.Contact, cpl int) (promoted identity.Contact) {
	if p := t.book.Position(c); t.keptFor(p) == c && t.giveUp(p) {
		return t.promote(cpl)
	}
	return 0
}
