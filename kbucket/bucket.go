package kbucket

import (
	"encoding/binary"
	"slices"
	"time"

	"kadmium/identity"
)

// A bucket holds the contacts of one common-prefix length.
type bucket struct {
	contacts  []entry       // least recently seen first
	*crowd                  // nobody, as long as no replacement came
	refreshAt time.Duration // since the table's epoch: due for a refresh
}

// A crowd is who waits for a place in a full bucket. Most buckets near the node never have
// one.
type crowd struct {
	replacements []replacement // newest first; none unless contacts is full
	probeAt      time.Duration // since the table's epoch: no probe before; 0: there was none yet
	backoff      uint8         // probes since a contact failed, up to maxBackoff
}

// nobody is the crowd of all buckets without one. It never changes.
var nobody = new(crowd)

// gather makes a bucket ready for its first replacement.
func (b *bucket) gather() {
	if b.crowd == nobody {
		b.crowd = new(crowd)
	}
}

// An entry is a contact in a bucket, 12 bytes.
type entry struct {
	contact identity.Contact
	key     uint32 // keyBits of its position
	state   uint32 // seconds since the table's epoch plus 1, 0 for never, above the failures in a row and silentBit
}

// 28 bits of seconds last 8 years, the lowest three count to MaxFailures.
const (
	failureMask = 1<<3 - 1
	silentBit   = 1 << 3 // a request was not answered since, which does not count
	stampShift  = 4
	maxStamp    = 1<<(32-stampShift) - 1
)

func (e entry) failures() int { return int(e.state & failureMask) }

// failing reports whether a request since the contact was last seen was not answered.
func (e entry) failing() bool { return e.state&(failureMask|silentBit) != 0 }

// timeOf is when the contact was last seen, the zero time if never since it was
// promoted.
func (t *Table) timeOf(e entry) time.Time {
	stamp := e.state >> stampShift
	if stamp == 0 {
		return time.Time{}
	}
	return t.epoch.Add(time.Duration(stamp-1) * time.Second)
}

// seenNow is the state of a contact that was just seen, without failures.
func (t *Table) seenNow(now time.Time) uint32 {
	seconds := int64(max(t.elapsed(now), 0) / time.Second)
	return uint32(min(seconds+1, maxStamp)) << stampShift
}

// A replacement is a contact that waits for a place in a full bucket, 8 bytes (Kademlia,
// section 4.1).
type replacement struct {
	contact identity.Contact
	key     uint32 // keyBits of its position
}

// keyBits is the 32 bits of p behind its bit cpl. In bucket cpl all positions
// share the bits up to there, so these bits decide nearly every comparison without
// the book.
func keyBits(p *identity.Position, cpl int) uint32 {
	from := cpl + 1
	if from <= 32 {
		return uint32(p.Prefix() << from >> 32)
	}
	var window [8]byte // behind the last bit, zeros
	copy(window[:], p[from/8:])
	return uint32(binary.BigEndian.Uint64(window[:]) << (from % 8) >> 32)
}

// indexOf is the place of a handle in the bucket, or -1.
func (b *bucket) indexOf(c identity.Contact) int {
	for i := range b.contacts {
		if b.contacts[i].contact == c {
			return i
		}
	}
	return -1
}

// indexOfPeer is the place of the peer at p in the bucket, under any handle, or -1.
func (t *Table) indexOfPeer(b *bucket, cpl int, p *identity.Position) int {
	key := keyBits(p, cpl)
	for i := range b.contacts {
		if e := &b.contacts[i]; e.key == key && *t.book.Position(e.contact) == *p {
			return i
		}
	}
	return -1
}

// toTail makes contact i the one most recently seen.
func (t *Table) toTail(b *bucket, i int, state uint32) {
	e := b.contacts[i]
	t.endFailing(e)
	e.state = state
	last := len(b.contacts) - 1
	copy(b.contacts[i:], b.contacts[i+1:])
	b.contacts[last] = e
}

// endFailing counts e no longer among the contacts that are failing, if it is one.
func (t *Table) endFailing(e entry) {
	if e.failing() {
		t.failing--
	}
}

// takeOut removes contact i of a bucket.
func (t *Table) takeOut(b *bucket, i int) {
	t.endFailing(b.contacts[i])
	b.contacts = slices.Delete(b.contacts, i, i+1)
	t.countBy(-1)
}

// putIn puts a contact at place i of a bucket, that of prefix length cpl.
func (t *Table) putIn(b *bucket, i, cpl int, e entry) {
	b.contacts = insert(b.contacts, i, e, t.Room(cpl).Contacts)
	t.countBy(+1)
}

// growBy is how many places a bucket's lists gain when they are full: buckets
// near the node stay small, and no list has more than growBy-1 places unused.
const growBy = 4

// insert puts v at place i of a list that never holds more than most.
func insert[T any](list []T, i int, v T, most int) []T {
	if len(list) == cap(list) {
		grown := make([]T, len(list), min(len(list)+growBy, most))
		copy(grown, list)
		list = grown
	}
	return slices.Insert(list, i, v)
}
