package kbucket

import (
	"encoding/binary"
	"math"
	"net/netip"

	"kadmium/identity"
)

// Who holds a /24 can make any number of identities in it. An attacker pays for
// subnets, so they are limited (design R4.5):
//
//   - In a bucket, with its replacements, so that one subnet cannot fill the
//     replacement list.
//   - In the table, without the replacements, so that those of a far bucket cannot
//     keep a neighbour out.

// subnetCounts counts the contacts of each subnet, replacements included, in cells
// chosen by a hash, two of four bits in each byte. A cell may count several subnets, so it
// is an upper bound: only where it reaches a limit are the contacts themselves counted. A
// cell that has reached its highest count stays there, and is no bound any more.
type subnetCounts [256]uint8

const saturated = 15

// cell is a subnet's cell, by multiplicative hashing: the byte and where in it. An attacker
// who makes subnets collide only costs this node an exact count.
func (s *subnetCounts) cell(p netip.Prefix) (b *uint8, shift int) {
	a := p.Addr().As16()
	bits := binary.BigEndian.Uint64(a[:8]) ^ binary.BigEndian.Uint64(a[8:])
	const golden = 0x9e3779b97f4a7c15 // 2^64 / golden ratio
	at := bits * golden >> (64 - 9)
	return &s[at/2], int(at%2) * 4
}

// count is the count of a subnet's cell.
func (s *subnetCounts) count(p netip.Prefix) int {
	b, shift := s.cell(p)
	return int(*b >> shift & saturated)
}

// A subnet is what a contact counts for, if it is limited.
type subnet struct {
	prefix  netip.Prefix
	limited bool
}

// subnetOf is the subnet of a contact. Loopback, link-local and private addresses are
// not limited, and neither is a contact whose book has no endpoints.
func (t *Table) subnetOf(c identity.Contact) subnet {
	p := t.book.Address(c).NetGroup().Subnet
	return subnet{p, p.IsValid()}
}

// bucketAdmits reports whether the subnet has room in a bucket and its replacement
// list, once the contact out has left (0: no contact leaves).
func (t *Table) bucketAdmits(b *bucket, s subnet, out identity.Contact) bool {
	if !s.limited || t.atMost(s.prefix) < t.limits.perSubnetBucket {
		return true
	}
	n := t.countInBucket(b, s.prefix, out)
	for _, k := range t.kept {
		if &t.buckets[k.cpl] == b && k.contact != out && t.isIn(s.prefix, k.contact) {
			n++
		}
	}
	for _, w := range t.waitingFor(b) {
		if c := w.contact(); c != out && t.isIn(s.prefix, c) {
			n++
		}
	}
	return n < t.limits.perSubnetBucket
}

// tableAdmits reports whether the subnet has room in all the buckets, once the
// contact out has left (0: no contact leaves).
func (t *Table) tableAdmits(s subnet, out identity.Contact) bool {
	if !s.limited || t.atMost(s.prefix) < t.limits.perSubnetTable {
		return true
	}
	n := 0
	for i := range t.buckets {
		n += t.countInBucket(&t.buckets[i], s.prefix, out)
	}
	for _, k := range t.kept {
		if k.contact != out && t.isIn(s.prefix, k.contact) {
			n++
		}
	}
	return n < t.limits.perSubnetTable
}

// countIn counts a contact that enters a bucket or its replacement list.
func (t *Table) countIn(s subnet) {
	if !s.limited {
		return
	}
	if t.catchUp(); t.subnets == nil {
		t.subnets = new(subnetCounts)
	}
	t.subnets.add(s.prefix)
}

func (s *subnetCounts) add(p netip.Prefix) {
	if b, shift := s.cell(p); *b>>shift&saturated < saturated {
		*b += 1 << shift
	}
}

func (s *subnetCounts) remove(p netip.Prefix) {
	if b, shift := s.cell(p); *b>>shift&saturated < saturated {
		*b -= 1 << shift
	}
}

// catchUp counts the contacts that Fill added, once a count is needed.
func (t *Table) catchUp() {
	if !t.uncounted {
		return
	}
	t.uncounted, t.subnets = false, new(subnetCounts)
	t.EachHandle(func(c identity.Contact) {
		if s := t.subnetOf(c); s.limited {
			t.subnets.add(s.prefix)
		}
	})
}

// countOut ends the counting of a contact that leaves.
func (t *Table) countOut(c identity.Contact) {
	s := t.subnetOf(c)
	if !s.limited {
		return
	}
	t.catchUp()
	t.subnets.remove(s.prefix)
}

// atMost is an upper bound of the contacts a subnet has in the table.
func (t *Table) atMost(p netip.Prefix) int {
	if t.catchUp(); t.subnets == nil {
		return 0
	}
	n := t.subnets.count(p)
	if n == saturated {
		return math.MaxInt
	}
	return n
}

func (t *Table) countInBucket(b *bucket, p netip.Prefix, out identity.Contact) int {
	n := 0
	for _, e := range t.of(b) {
		if c := e.contact(); c != out && t.isIn(p, c) {
			n++
		}
	}
	return n
}

func (t *Table) isIn(p netip.Prefix, c identity.Contact) bool {
	return p.Contains(t.book.Address(c).Endpoint.Addr())
}
