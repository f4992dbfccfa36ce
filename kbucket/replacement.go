package kbucket

import "kadmium/identity"

// addReplacement puts a contact whose bucket is full at the head of the replacement
// list (Kademlia, section 4.1: most recently seen first). A full list loses its
// oldest; most is its room. A replacement is not named to others, so a new address
// of its peer replaces the old one without a PING.
func (t *Table) addReplacement(cpl int, c identity.Contact, p *identity.Position, most int) Outcome {
	if most == 0 {
		return Refused
	}
	b := &t.buckets[cpl]
	if i := t.indexOfReplacement(b, c); i >= 0 {
		waiting := t.waitingFor(b)
		w := waiting[i]
		copy(waiting[1:], waiting[:i])
		waiting[0] = w
		return Waiting
	}
	i, out := t.indexOfReplacementPeer(b, cpl, p), identity.Contact(0)
	if i >= 0 {
		out = t.waitingFor(b)[i].contact()
	}
	s := t.subnetOf(c)
	if !t.bucketAdmits(b, s, out) {
		return Refused
	}
	if i < 0 && int(b.replacements) >= most {
		i = int(b.replacements) - 1
	}
	w := replacement{handleOf(c), t.markOf(p, cpl)}
	if i < 0 {
		t.countIn(s)
		t.putInWaiting(cpl, w)
		return Waiting
	}
	waiting := t.waitingFor(b)
	t.countOut(waiting[i].contact())
	t.countIn(s)
	copy(waiting[1:], waiting[:i])
	waiting[0] = w
	return Waiting
}

// indexOfReplacement is the place of a handle in the replacement list, or -1.
func (t *Table) indexOfReplacement(b *bucket, c identity.Contact) int {
	h := handleOf(c)
	for i, w := range t.waitingFor(b) {
		if w.handle == h {
			return i
		}
	}
	return -1
}

// indexOfReplacementPeer is the place of the peer at p in the replacement list, under
// any handle, or -1.
func (t *Table) indexOfReplacementPeer(b *bucket, cpl int, p *identity.Position) int {
	key := markKey(keyBits(p, cpl))
	for i, w := range t.waitingFor(b) {
		if w.key() == key && *t.book.Position(w.contact()) == *p {
			return i
		}
	}
	return -1
}

// dropReplacement forgets replacement i of bucket cpl.
func (t *Table) dropReplacement(cpl, i int) {
	t.countOut(t.waitingFor(&t.buckets[cpl])[i].contact())
	t.takeOutWaiting(cpl, i)
}

// promote gives a free place in the bucket to a replacement, and returns 0 if there is
// none. A replacement whose subnet is by now at its limit of the table is
// forgotten, so that none waits for a bucket with room. The promoted contact becomes
// the least recently seen: it may have left while it waited, so the next probe goes
// to it.
func (t *Table) promote(cpl int) identity.Contact {
	for b := &t.buckets[cpl]; b.replacements > 0; {
		i := t.policy.Promote(View{t, b, cpl})
		if i < 0 || i >= int(b.replacements) {
			i = 0
		}
		w := t.waitingFor(b)[i]
		if !t.tableAdmits(t.subnetOf(w.contact()), 0) {
			t.dropReplacement(cpl, i)
			continue
		}
		t.takeOutWaiting(cpl, i)
		t.putIn(cpl, 0, entry{handle: w.handle, mark: w.mark})
		return w.contact()
	}
	return 0
}
