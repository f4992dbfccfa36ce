package kbucket

import (
	"encoding/binary"
	"net/netip"

	"kadmium/identity"
)

// subnets counts the contacts of each subnet, those that wait included, in cells
// chosen by a hash. A cell may count several subnets, so it is an upper bound:
// only above a limit are the contacts themselves counted. It sticks at its
// highest count, where it is still a bound.
type subnets [256]uint8

// cell picks a subnet's cell by multiplicative hashing. Whoever makes subnets
// collide gains nothing: the bound is then exact counting.
func (s *subnets) cell(subnet netip.Prefix) *uint8 {
	a := subnet.Addr().As16()
	bits := binary.BigEndian.Uint64(a[:8]) ^ binary.BigEndian.Uint64(a[8:])
	const golden = 0x9e3779b97f4a7c15 // 2^64 / golden ratio
	return &s[bits*golden>>56]
}

// subnetOf is the subnet that a contact counts for. Loopback, link-local and
// private addresses are exempt, and so is a contact whose book has no endpoints.
func (t *Table) subnetOf(c identity.Contact) (subnet netip.Prefix, counts bool) {
	ip := t.book.Address(c).Endpoint.Addr()
	if !ip.IsValid() || identity.IsLocal(ip) {
		return netip.Prefix{}, false
	}
	return identity.Subnet(ip), true
}

// admit counts a contact that is about to enter the bucket or its replacement
// list in place of another, or of nobody if out is 0. It reports false, and
// counts nothing, if the contact's subnet has its share of the bucket or of the
// table: one who holds a /24 can make any number of identities, so the number of
// subnets is what costs an attacker.
func (t *Table) admit(b *bucket, c, out identity.Contact) bool {
	subnet, counts := t.subnetOf(c)
	if !counts {
		t.discount(out)
		return true
	}
	if t.subnets == nil {
		t.subnets = new(subnets)
	}
	cell := t.subnets.cell(subnet)
	if int(*cell) >= t.cfg.PerSubnetBucket && t.count(b, subnet, out) >= t.cfg.PerSubnetBucket {
		return false
	}
	if int(*cell) >= t.cfg.PerSubnetTable && t.countAll(subnet, out) >= t.cfg.PerSubnetTable {
		return false
	}
	t.discount(out)
	if *cell < 255 {
		*cell++
	}
	return true
}

// discount ends the counting of a contact that leaves the table; 0 is nobody.
func (t *Table) discount(c identity.Contact) {
	if c == 0 {
		return
	}
	subnet, counts := t.subnetOf(c)
	if !counts {
		return
	}
	if cell := t.subnets.cell(subnet); *cell < 255 {
		*cell--
	}
}

// count is the number of a subnet's contacts in a bucket and its replacement
// list, without the contact out.
func (t *Table) count(b *bucket, subnet netip.Prefix, out identity.Contact) int {
	n := 0
	one := func(c identity.Contact) {
		if c == out {
			return
		}
		if s, counts := t.subnetOf(c); counts && s == subnet {
			n++
		}
	}
	for i := range b.contacts {
		one(b.contacts[i].contact)
	}
	for _, c := range b.waiting {
		one(c)
	}
	return n
}

// countAll is the number of a subnet's contacts in the table, without the
// contact out.
func (t *Table) countAll(subnet netip.Prefix, out identity.Contact) int {
	n := 0
	for i := range t.buckets {
		n += t.count(&t.buckets[i], subnet, out)
	}
	return n
}
