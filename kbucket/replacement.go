package kbucket

import (
	"slices"

	"kadmium/identity"
)

// addReplacement puts a contact whose bucket is full at the head of the replacement
// list (Kademlia, section 4.1: most recently seen first). A full list loses its
// oldest; most is its room. A replacement is not named to others, so a new address of its peer replaces
// the old one without a PING.
func (t *Table) addReplacement(b *bucket, cpl int, c identity.Contact, p *identity.Position, most int) Outcome {
	if most == 0 {
		return Refused
	}
	if i := b.indexOfReplacement(c); i >= 0 {
		w := b.replacements[i]
		copy(b.replacements[1:], b.replacements[:i])
		b.replacements[0] = w
		return Waiting
	}
	i, out := t.indexOfReplacementPeer(b, cpl, p), identity.Contact(0)
	if i >= 0 {
		out = b.replacements[i].contact
	}
	s := t.subnetOf(c)
	if !t.bucketAdmits(b, s, out) {
		return Refused
	}
	if i < 0 && len(b.replacements) >= most {
		i = len(b.replacements) - 1
	}
	if i >= 0 {
		t.dropReplacement(b, i)
	}
	t.countIn(s)
	b.gather()
	b.replacements = insert(b.replacements, 0, replacement{c, keyBits(p, cpl)}, most)
	return Waiting
}

// indexOfReplacement is the place of a handle in the replacement list, or -1.
func (b *bucket) indexOfReplacement(c identity.Contact) int {
	for i, w := range b.replacements {
		if w.contact == c {
			return i
		}
	}
	return -1
}

// indexOfReplacementPeer is the place of the peer at p in the replacement list, under
// any handle, or -1.
func (t *Table) indexOfReplacementPeer(b *bucket, cpl int, p *identity.Position) int {
	key := keyBits(p, cpl)
	for i, w := range b.replacements {
		if w.key == key && *t.book.Position(w.contact) == *p {
			return i
		}
	}
	return -1
}

// dropReplacement removes contact i from the replacement list.
func (t *Table) dropReplacement(b *bucket, i int) {
	t.countOut(b.replacements[i].contact)
	b.replacements = slices.Delete(b.replacements, i, i+1)
}

// promote gives a free place in the bucket to a replacement, and returns 0 if there is
// none. A replacement whose subnet is by now at its limit of the table is
// forgotten, so that none waits for a bucket with room. The promoted contact becomes
// the least recently seen: it may have left while it waited, so the next probe goes
// to it.
func (t *Table) promote(b *bucket, cpl int) identity.Contact {
	for len(b.replacements) > 0 {
		i := t.policy.Promote(View{t, b, cpl})
		if i < 0 || i >= len(b.replacements) {
			i = 0
		}
		w := b.replacements[i]
		if !t.tableAdmits(t.subnetOf(w.contact), 0) {
			t.dropReplacement(b, i)
			continue
		}
		b.replacements = slices.Delete(b.replacements, i, i+1)
		t.putIn(b, 0, cpl, entry{contact: w.contact, key: w.key})
		return w.contact
	}
	return 0
}
