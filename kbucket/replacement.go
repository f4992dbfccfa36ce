package kbucket

import "kadmium/identity"

// addReplacement puts a contact whose bucket is full at the head of the replacement
// list (Kademlia, section 4.1: most recently seen first). A full list loses its
// oldest; most is its room. A replacement is not named to others, so a new address
// of its peer replaces the old one without a PING.
func (t *Table) addReplacement(cpl int, c identity.Contact, p *identity.Position, most int, unasked bool) Outcome {
	if most == 0 {
		return Refused
	}
	b := &t.buckets[cpl]
	if unasked && t.policy.OnlyFound() {
		return t.addUnasked(cpl, c, p, most)
	}
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
		t.putInWaiting(cpl, 0, w)
		return Waiting
	}
	waiting := t.waitingFor(b)
	t.countOut(waiting[i].contact())
	t.countIn(s)
	copy(waiting[1:], waiting[:i])
	waiting[0] = w
	return Waiting
}

// addUnasked adds a contact that spoke first behind all that this node found itself. It
// moves no other that waits, and does not move up when it speaks again (design R4.35).
func (t *Table) addUnasked(cpl int, c identity.Contact, p *identity.Position, most int) Outcome {
	b := &t.buckets[cpl]
	if i := t.indexOfReplacementPeer(b, cpl, p); i >= 0 {
		if t.waitingFor(b)[i].contact() == c {
			return Waiting
		}
		t.dropReplacement(cpl, i)
	}
	s := t.subnetOf(c)
	if !t.bucketAdmits(b, s, 0) || int(b.replacements) >= most {
		return Refused
	}
	t.countIn(s)
	w := replacement{handleOf(c), t.markOf(p, cpl)}
	w.setBits(w.bits() | unaskedBit)
	t.putInWaiting(cpl, int(b.replacements), w)
	return Waiting
}

// waitsUnasked reports whether the peer at p waits since it spoke first. That it answers a
// request changes nothing: a lookup may ask whoever waits.
func (t *Table) waitsUnasked(b *bucket, cpl int, p *identity.Position) bool {
	i := t.indexOfReplacementPeer(b, cpl, p)
	return i >= 0 && t.waitingFor(b)[i].unasked()
}

// Named notes that others have named a contact to this node: if it waits as it spoke first it
// does so no more, and its answer is that of a contact which this node found.
func (t *Table) Named(c identity.Contact) {
	p := t.book.Position(c)
	if b, cpl := t.bucketOf(c); b != nil && t.waitsUnasked(b, cpl, p) {
		t.dropReplacement(cpl, t.indexOfReplacementPeer(b, cpl, p))
	}
}

// Vacant is the number of free places that are kept for contacts which this node finds.
func (t *Table) Vacant() (n int) {
	for i := range t.buckets {
		n += int(t.buckets[i].vacant)
	}
	return n
}

// Searched ends the keeping of places in a bucket for contacts that this node finds, since it
// has searched: who spoke first gets those that are left. Call it until promoted is 0.
func (t *Table) Searched(cpl int) (promoted identity.Contact) {
	if cpl >= len(t.buckets) || t.buckets[cpl].vacant == 0 {
		return 0
	}
	t.buckets[cpl].vacant--
	return t.promoteAny(cpl)
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
//
// Where the policy says so the place is kept for a contact that this node finds, if none
// such waits.
func (t *Table) promote(cpl int) identity.Contact {
	b := &t.buckets[cpl]
	if waiting := t.waitingFor(b); t.policy.OnlyFound() && len(waiting) > 0 && waiting[0].unasked() {
		b.vacant++
		return 0
	}
	return t.promoteAny(cpl)
}

func (t *Table) promoteAny(cpl int) identity.Contact {
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
		t.putIn(cpl, 0, entry{handle: w.handle, mark: w.withoutFailures()})
		return w.contact()
	}
	return 0
}
