package kbucket

import (
	"encoding/binary"
	"math"
	"net/netip"

	"kadmium/identity"
)

// One who holds a /24 can make any number of identities, so what costs an
// attacker is the number of subnets. Two limits follow (design, section 4): for
// a bucket, where those that wait count too, lest one subnet fill the
// replacement list; and for the table, where only those in buckets count, lest
// those that wait for a far bucket keep a neighbour out.

// subnets counts the contacts of each subnet, those that wait included, in cells
// chosen by a hash. A cell may count several subnets, so it is an upper bound:
// only where it reaches a limit are the contacts themselves counted. A cell
// that has reached its highest count sticks there, and is no bound any more.
type subnets [512]uint8

const stuck = 255

// cell picks a subnet's cell by multiplicative hashing. Whoever makes subnets
// collide gains nothing but the cost of an exact count.
func (s *subnets) cell(subnet netip.Prefix) *uint8 {
	a := subnet.Addr().As16()
	bits := binary.BigEndian.Uint64(a[:8]) ^ binary.BigEndian.Uint64(a[8:])
	const golden = 0x9e3779b97f4a7c15 // 2^64 / golden ratio
	return &s[bits*golden>>(64-9)]
}

// A share is the subnet that a contact counts for, if it counts.
type share struct {
	subnet netip.Prefix
	counts bool
}

// shareOf is a contact's. Loopback, link-local and private addresses are exempt, and
// so is a contact whose book has no endpoints.
func (t *Table) shareOf(c identity.Contact) share {
	ip := t.book.Address(c).Endpoint.Addr()
	if !ip.IsValid() || identity.IsLocal(ip) {
		return share{}
	}
	return share{identity.Subnet(ip), true}
}

// bucketAdmits reports whether the contact's subnet has less than its share of a
// bucket and its replacement list, once the contact out has left (0: nobody).
func (t *Table) bucketAdmits(b *bucket, s share, out identity.Contact) bool {
	if !s.counts || t.atMost(s.subnet) < t.limits.perSubnetBucket {
		return true
	}
	n := t.countInBucket(b, s.subnet, out)
	for _, w := range b.waiting {
		if w.contact != out && t.isIn(s.subnet, w.contact) {
			n++
		}
	}
	return n < t.limits.perSubnetBucket
}

// tableAdmits reports whether the contact's subnet has less than its share of
// all the buckets, once the contact out has left (0: nobody).
func (t *Table) tableAdmits(s share, out identity.Contact) bool {
	if !s.counts || t.atMost(s.subnet) < t.limits.perSubnetTable {
		return true
	}
	n := 0
	for i := range t.buckets {
		n += t.countInBucket(&t.buckets[i], s.subnet, out)
	}
	return n < t.limits.perSubnetTable
}

// countIn counts a contact that enters a bucket or its replacement list.
func (t *Table) countIn(s share) {
	if !s.counts {
		return
	}
	if t.catchUp(); t.subnets == nil {
		t.subnets = new(subnets)
	}
	t.subnets.add(s.subnet)
}

func (s *subnets) add(subnet netip.Prefix) {
	if cell := s.cell(subnet); *cell < stuck {
		*cell++
	}
}

// catchUp counts those that Fill brought, once it matters.
func (t *Table) catchUp() {
	if !t.uncounted {
		return
	}
	t.uncounted, t.subnets = false, new(subnets)
	t.EachHandle(func(c identity.Contact) {
		if s := t.shareOf(c); s.counts {
			t.subnets.add(s.subnet)
		}
	})
}

// countOut ends the counting of a contact that leaves.
func (t *Table) countOut(c identity.Contact) {
	s := t.shareOf(c)
	if !s.counts {
		return
	}
	t.catchUp()
	if cell := t.subnets.cell(s.subnet); *cell < stuck {
		*cell--
	}
}

// atMost is an upper bound of the contacts a subnet has in the table.
func (t *Table) atMost(subnet netip.Prefix) int {
	if t.catchUp(); t.subnets == nil {
		return 0
	}
	n := *t.subnets.cell(subnet)
	if n == stuck {
		return math.MaxInt
	}
	return int(n)
}

func (t *Table) countInBucket(b *bucket, subnet netip.Prefix, out identity.Contact) int {
	n := 0
	for i := range b.contacts {
		if c := b.contacts[i].contact; c != out && t.isIn(subnet, c) {
			n++
		}
	}
	return n
}

func (t *Table) isIn(subnet netip.Prefix, c identity.Contact) bool {
	return subnet.Contains(t.book.Address(c).Endpoint.Addr())
}
