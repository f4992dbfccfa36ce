package kbucket

import (
	"encoding/binary"
	"slices"
	"time"

	"kadmium/identity"
)

// A bucket is the contacts of one common-prefix length. They are a part of the table's
// list of contacts, and those that wait for a place a part of its list of replacements.
type bucket struct {
	refreshAt    time.Duration // since the table's epoch: due for a refresh
	probeAt      time.Duration // since the table's epoch: no probe before; 0: there was none yet
	first        uint16        // index of its first contact
	firstWaiting uint16        // index of its first replacement
	contacts     uint8         // how many
	replacements uint8         // how many; none unless the bucket is full
	vacant       uint8         // free places that are kept for contacts that this node finds
	backoff      uint8         // probes since a contact failed, up to maxBackoff
}

// of is the contacts of a bucket, least recently seen first.
func (t *Table) of(b *bucket) []entry {
	return t.contacts[b.first:][:b.contacts]
}

// waitingFor is the replacements of a bucket, newest first.
func (t *Table) waitingFor(b *bucket) []replacement {
	return t.replacements[b.firstWaiting:][:b.replacements]
}

// A handle is an identity.Contact, without alignment.
type handle [4]byte

func handleOf(c identity.Contact) (h handle) {
	binary.LittleEndian.PutUint32(h[:], uint32(c))
	return h
}

func (h *handle) contact() identity.Contact {
	return identity.Contact(binary.LittleEndian.Uint32(h[:]))
}

// A mark is what a table keeps of a contact's position: 11 bits of its key, and whether
// the policy prefers it. An entry has its failures in the same bits.
type mark [2]byte

const (
	failureMask = 1<<3 - 1  // failures in a row, up to MaxFailures
	silentBit   = 1 << 3    // a request was not answered since, which does not count
	unaskedBit  = silentBit // of a replacement: it spoke first
	preferBit   = 1 << 4
	keyMask     = 1<<16 - 1<<5
)

func (m *mark) bits() uint16          { return binary.LittleEndian.Uint16(m[:]) }
func (m *mark) setBits(bits uint16)   { binary.LittleEndian.PutUint16(m[:], bits) }
func (m *mark) preferred() bool       { return m.bits()&preferBit != 0 }
func (m *mark) key() uint16           { return m.bits() & keyMask }
func markKey(key uint32) uint16       { return uint16(key>>16) & keyMask }
func (m *mark) withoutFailures() mark { return mark{m[0] &^ (failureMask | silentBit), m[1]} }

// markOf is the mark of a contact of bucket cpl.
func (t *Table) markOf(p *identity.Position, cpl int) (m mark) {
	key := keyBits(p, cpl)
	bits := markKey(key)
	if t.policy.Prefers(cpl, key) {
		bits |= preferBit
	}
	m.setBits(bits)
	return m
}

// An entry is a contact in a bucket, 9 bytes.
type entry struct {
	handle
	stamp [3]byte // seconds since the table's epoch plus 1; 0: never seen
	mark
}

// A replacement is a contact that waits for a place in a full bucket, 6 bytes (Kademlia,
// section 4.1).
type replacement struct {
	handle
	mark
}

// unasked reports whether the contact spoke first, unasked.
func (r *replacement) unasked() bool { return r.bits()&unaskedBit != 0 }

func (e *entry) failures() int { return int(e.bits() & failureMask) }

// failing reports whether a request since the contact was last seen was not answered.
func (e *entry) failing() bool { return e.bits()&(failureMask|silentBit) != 0 }

// fail notes one more failure.
func (e *entry) fail() { e.setBits(e.bits() + 1) }

// maxStamp is the highest stamp: a table is that many seconds old after 194 days, and
// then its epoch moves.
const maxStamp = 1<<24 - 1

// timeOf is when the contact was last seen, the zero time if never since it was
// promoted.
func (t *Table) timeOf(e *entry) time.Time {
	stamp := int64(e.stamp[0]) | int64(e.stamp[1])<<8 | int64(e.stamp[2])<<16
	if stamp == 0 {
		return time.Time{}
	}
	return t.epoch.Add(time.Duration(stamp-1) * time.Second)
}

// stampOf is the stamp of a contact that was just seen.
func (t *Table) stampOf(now time.Time) [3]byte {
	seconds := int64(max(t.elapsed(now), 0) / time.Second)
	if seconds >= maxStamp {
		t.moveEpoch(seconds - maxStamp/2)
		seconds = maxStamp / 2
	}
	return packStamp(seconds + 1)
}

// see notes that a contact was just seen, so that it has no failures.
func (t *Table) see(e *entry, now time.Time) {
	e.stamp, e.mark = t.stampOf(now), e.withoutFailures()
}

func packStamp(stamp int64) [3]byte {
	return [3]byte{byte(stamp), byte(stamp >> 8), byte(stamp >> 16)}
}

// moveEpoch has the table count from a later time. Of what was before that time it only
// keeps that it was.
func (t *Table) moveEpoch(seconds int64) {
	by := time.Duration(seconds) * time.Second
	for i := range t.contacts {
		e := &t.contacts[i]
		if at := t.timeOf(e); !at.IsZero() {
			e.stamp = packStamp(max(int64(at.Sub(t.epoch)/time.Second)-seconds, 0) + 1)
		}
	}
	for i := range t.buckets {
		b := &t.buckets[i]
		b.refreshAt -= by
		if b.probeAt > 0 {
			b.probeAt = max(b.probeAt-by, 1)
		}
	}
	t.epoch = t.epoch.Add(by)
}

// keyBits is the 32 bits of p behind its bit cpl. In bucket cpl all positions
// share the bits up to there, so the first of these bits decide nearly every comparison
// without the book.
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
func (t *Table) indexOf(b *bucket, c identity.Contact) int {
	h := handleOf(c)
	contacts := t.of(b)
	for i := range contacts {
		if contacts[i].handle == h {
			return i
		}
	}
	return -1
}

// indexOfPeer is the place of the peer at p in the bucket, under any handle, or -1.
func (t *Table) indexOfPeer(b *bucket, cpl int, p *identity.Position) int {
	key := markKey(keyBits(p, cpl))
	contacts := t.of(b)
	for i := range contacts {
		if e := &contacts[i]; e.key() == key && *t.book.Position(e.contact()) == *p {
			return i
		}
	}
	return -1
}

// toTail makes contact i the one most recently seen.
func (t *Table) toTail(b *bucket, i int, now time.Time) {
	contacts := t.of(b)
	e := contacts[i]
	t.endFailing(&e)
	t.see(&e, now)
	last := len(contacts) - 1
	copy(contacts[i:], contacts[i+1:])
	contacts[last] = e
}

// endFailing counts e no longer among the contacts that are failing, if it is one.
func (t *Table) endFailing(e *entry) {
	if e.failing() {
		t.failing--
	}
}

// takeOut removes contact i of bucket cpl.
func (t *Table) takeOut(cpl, i int) {
	at := int(t.buckets[cpl].first) + i
	t.endFailing(&t.contacts[at])
	t.contacts = slices.Delete(t.contacts, at, at+1)
	t.holds(cpl, -1)
}

// putIn puts a contact at place i of bucket cpl.
func (t *Table) putIn(cpl, i int, e entry) {
	b := &t.buckets[cpl]
	at := int(b.first) + i
	t.contacts = open(t.contacts, at, 1)
	t.contacts[at] = e
	t.holds(cpl, 1)
}

// holds notes that bucket cpl has n contacts more.
func (t *Table) holds(cpl, n int) {
	t.buckets[cpl].contacts += uint8(n)
	for i := cpl + 1; i < len(t.buckets); i++ {
		t.buckets[i].first += uint16(n)
	}
	t.due = unknown
}

// putInWaiting puts a replacement at place i of those of bucket cpl.
func (t *Table) putInWaiting(cpl, i int, w replacement) {
	b := &t.buckets[cpl]
	at := int(b.firstWaiting) + i
	t.replacements = open(t.replacements, at, 1)
	t.replacements[at] = w
	t.holdsWaiting(cpl, 1)
}

// takeOutWaiting removes replacement i of bucket cpl.
func (t *Table) takeOutWaiting(cpl, i int) {
	at := int(t.buckets[cpl].firstWaiting) + i
	t.replacements = slices.Delete(t.replacements, at, at+1)
	t.holdsWaiting(cpl, -1)
}

// holdsWaiting notes that bucket cpl has n replacements more.
func (t *Table) holdsWaiting(cpl, n int) {
	t.buckets[cpl].replacements += uint8(n)
	for i := cpl + 1; i < len(t.buckets); i++ {
		t.buckets[i].firstWaiting += uint16(n)
	}
}

// open makes n places at place i of a list, which grows by little: append would double
// it, and a process may have a million tables.
func open[T any](list []T, i, n int) []T {
	const growBy = 8
	length := len(list)
	if length+n <= cap(list) {
		list = list[:length+n]
		copy(list[i+n:], list[i:length])
		return list
	}
	grown := slices.Grow([]T(nil), length+max(n, growBy))[:length+n]
	copy(grown, list[:i])
	copy(grown[i+n:], list[i:])
	return grown
}
