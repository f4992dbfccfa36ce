package kbucket

import (
	"time"

	"kadmium/identity"
)

// A Policy decides which contacts a table keeps (design R4.29): how many places a bucket
// has, who leaves a full one for a newcomer, who is probed, who leaves after a failure,
// and who takes a place that has become free. Embed Plain, which is Kademlia's policy as
// this project has it, and write the methods that differ; docs/rules.md shows it with an
// example.
//
// One value serves one table. It may keep what it likes in its fields, and all that it may
// depend on is what its View says.
//
// What no policy can change: only contacts that were heard enter, each peer once, within
// the limits of their subnets; one that failed is named to nobody, and leaves after
// MaxFailures failures in a row; a bucket is probed once a minute at most.
type Policy interface {
	// Places is the room of a bucket: usual is that of the table's k. The table keeps it
	// within 1 to MaxK contacts and 0 to MaxK replacements. If it becomes less, nobody leaves
	// for that.
	Places(cpl int, usual Room) Room
	// Displace is the index of the contact that leaves its full bucket for the newest
	// replacement, which was just heard; any other number, such as -1: none. The contact
	// waits behind all others. It is asked where there is room for a replacement.
	Displace(v View) int
	// Probe is the index of the contact that is pinged since the bucket is full and others
	// wait; if it does not answer it may be evicted. Any other number, such as -1: none.
	Probe(v View) int
	// Evict reports whether contact i, which has just failed to answer a request, leaves.
	Evict(v View, i int) bool
	// Promote is the index of the replacement that takes a free place. There is at least
	// one; any other number means the newest.
	Promote(v View) int
	// OnlyFound reports whether places that become free are kept, until the bucket was
	// searched, for contacts that this node finds itself, and whether who spoke first waits
	// behind these (design R4.35).
	OnlyFound() bool
	// Prefers reports whether a fill of bucket cpl asks a peer with this key before
	// others. A key is 32 bits of a position, those behind the bit in which the contacts of
	// the bucket differ from the node.
	Prefers(cpl int, key uint32) bool
}

// A Room is a number of places in a bucket.
type Room struct {
	Contacts     int // that are named to others
	Replacements int // that wait while the bucket is full (Kademlia, section 4.1)
}

// Plain is Kademlia's policy by the letter: old contacts stay as long as they answer
// (design R4.3, R4.10).
type Plain struct{}

var _ Policy = Plain{}

// Places are the usual ones: k contacts, and half as many replacements.
func (Plain) Places(_ int, usual Room) Room { return usual }

// Displace is nobody: old contacts stay (Kademlia, section 2.2).
func (Plain) Displace(View) int { return -1 }

// Probe is the least recently seen contact (section 2.2).
func (Plain) Probe(View) int { return 0 }

// Evict is so if a replacement waits (section 4.1; design R4.10).
func (Plain) Evict(v View, _ int) bool { return v.Replacements() > 0 }

// Promote is the newest replacement (section 4.1).
func (Plain) Promote(View) int { return 0 }

// OnlyFound is not so: who comes next gets a free place.
func (Plain) OnlyFound() bool { return false }

// Prefers is so for none.
func (Plain) Prefers(int, uint32) bool { return false }

// A View is what a Policy sees of a table: one bucket. It is read-only, and valid until
// the method that got it returns.
type View struct {
	t   *Table
	b   *bucket
	cpl int
}

// Prefix is the number of leading bits that the bucket's contacts share with the node.
func (v View) Prefix() int { return v.cpl }

// Self is the node's position.
func (v View) Self() *identity.Position { return &v.t.self }

// Book has the positions and addresses of contacts.
func (v View) Book() identity.Book { return v.t.book }

// Contacts is the number of contacts in the bucket.
func (v View) Contacts() int { return int(v.b.contacts) }

// Contact is contact i, counted from the least recently seen.
func (v View) Contact(i int) identity.Contact { return v.t.of(v.b)[i].contact() }

// Key is the key of contact i, as Prefers gets it.
func (v View) Key(i int) uint32 { return keyBits(v.t.book.Position(v.Contact(i)), v.cpl) }

// Preferred reports whether the policy preferred contact i when it came.
func (v View) Preferred(i int) bool { return v.t.of(v.b)[i].preferred() }

// LastSeen is when contact i was heard, in whole seconds; the zero time: not since it was
// promoted.
func (v View) LastSeen(i int) time.Time { return v.t.timeOf(&v.t.of(v.b)[i]) }

// Failures is how many requests in a row contact i did not answer.
func (v View) Failures(i int) int { return v.t.of(v.b)[i].failures() }

// Replacements is the number of contacts that wait.
func (v View) Replacements() int { return int(v.b.replacements) }

// Replacement is replacement i, counted from the newest.
func (v View) Replacement(i int) identity.Contact { return v.t.waitingFor(v.b)[i].contact() }

// ReplacementKey is the key of replacement i, as Prefers gets it.
func (v View) ReplacementKey(i int) uint32 {
	return keyBits(v.t.book.Position(v.Replacement(i)), v.cpl)
}

// ReplacementPreferred reports whether the policy preferred replacement i when it came.
func (v View) ReplacementPreferred(i int) bool { return v.t.waitingFor(v.b)[i].preferred() }

// Unasked reports whether replacement i waits since it spoke first; those behind it then do,
// too.
func (v View) Unasked(i int) bool { return v.t.waitingFor(v.b)[i].unasked() }

// Follow has the table keep contacts by a policy; nil: Plain. Call it right after New.
func (t *Table) Follow(p Policy) {
	if p == nil {
		p = Plain{}
	}
	t.policy = p
}

// Room is the number of places of a bucket.
func (t *Table) Room(cpl int) Room {
	r := t.policy.Places(cpl, Room{t.limits.k, t.limits.replacements})
	return Room{min(max(r.Contacts, 1), MaxK), min(max(r.Replacements, 0), MaxK)}
}

// Prefers reports whether a fill asks c before others of its bucket.
func (t *Table) Prefers(c identity.Contact) bool {
	p := t.book.Position(c)
	cpl := identity.CommonPrefixLen(&t.self, p)
	return t.policy.Prefers(cpl, keyBits(p, cpl))
}

// Displace gives the newcomer c, for which Seen has returned Waiting, the place of a
// contact of its bucket, if the policy says so. That one waits behind all others but those
// that spoke first, unless it did not answer the last request: then it has left the table.
func (t *Table) Displace(now time.Time, c identity.Contact) (out identity.Contact, waits, ok bool) {
	b, cpl := t.bucketOf(c)
	if b == nil || b.replacements == 0 || b.contacts == 0 || t.waitingFor(b)[0].contact() != c {
		return 0, false, false
	}
	if t.waitingFor(b)[0].unasked() {
		return 0, false, false
	}
	i := t.policy.Displace(View{t, b, cpl})
	if i < 0 || i >= int(b.contacts) || !t.tableAdmits(t.subnetOf(c), t.of(b)[i].contact()) {
		return 0, false, false
	}
	contacts, waiting := t.of(b), t.waitingFor(b)
	old, new := contacts[i], entry{handle: waiting[0].handle, mark: waiting[0].mark}
	t.endFailing(&old)
	if waits = !old.failing(); waits { // it may have left, so all others are promoted before it
		found := waiting[:t.found(b)]
		copy(found, found[1:])
		found[len(found)-1] = replacement{old.handle, old.mark}
	} else {
		t.countOut(old.contact())
		t.takeOutWaiting(cpl, 0)
	}
	t.see(&new, now)
	copy(contacts[i:], contacts[i+1:])
	contacts[len(contacts)-1] = new
	return old.contact(), waits, true
}
