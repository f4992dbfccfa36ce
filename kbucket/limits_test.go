package kbucket

import (
	"fmt"
	"net/netip"
	"testing"

	"kadmium/identity"
)

// crowd tells a table of n contacts a bucket in its first ten buckets, and of
// 100 more at random, each at the address that the format makes of its number.
func (s *story) crowd(n int, format string) {
	i := 0
	add := func(p identity.Position) {
		s.table.Seen(s.now, s.book.add(p, fmt.Sprintf(format, i%256)))
		i++
	}
	for cpl := range 10 {
		for range n {
			add(inBucket(s.rnd, &s.table.self, cpl))
		}
	}
	for range 100 {
		add(randomPosition(s.rnd))
	}
}

// most is how many contacts the fullest bucket has.
func (s *story) most() int {
	n := 0
	for i := range s.table.buckets {
		n = max(n, int(s.table.buckets[i].contacts))
	}
	return n
}

// Design, section 4: at most 2 contacts of one /24 (IPv6: /48) a bucket, 10 a
// table; loopback, link-local and private ranges are exempt.
func TestHundredIdentitiesInOneSubnet(t *testing.T) {
	for _, test := range []struct {
		name, format    string
		bucket, inTable int
	}{
		{"a /24", "203.0.113.%d", 2, 10},
		{"a /48", "2001:db8:7:%x::1", 2, 10},
		{"a /16", "203.0.%d.1", 20, 10 * 20},
		{"a /32", "2001:db8:%x::1", 20, 10 * 20},
		{"private", "10.1.1.%d", 20, 10 * 20},
		{"private, IPv6", "fd00:1:1::%x", 20, 10 * 20},
		{"loopback", "127.0.0.%d", 20, 10 * 20},
		{"link-local", "fe80::%x", 20, 10 * 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStory(t, limits{})
			s.crowd(DefaultK, test.format)
			if n := s.most(); n != test.bucket {
				t.Errorf("a bucket has %d of the subnet, want %d\n%v", n, test.bucket, s.table)
			}
			if n := s.table.Len(); n != test.inTable {
				t.Errorf("the table has %d of the subnet, want %d\n%v", n, test.inTable, s.table)
			}
		})
	}
}

// The identities of one subnet cannot fill a replacement list either: of those
// that take the places of contacts that fail, at most 2 are theirs.
func TestSubnetCannotFillReplacements(t *testing.T) {
	s := newStory(t, limits{})
	old := s.peers(DefaultK)
	s.seen(Added, old...)
	honest := s.peers(5)
	s.seen(Waiting, honest...)
	s.crowd(100, "203.0.113.%d")
	for _, c := range old[:7] {
		s.table.Failed(c)
	}
	s.wantNear(honest)
}

// wantNear fails unless all these contacts are in the table.
func (s *story) wantNear(contacts []identity.Contact) {
	s.Helper()
	for _, c := range contacts {
		if found, ok := s.table.Find(s.book.Position(c)); !ok || found != c {
			s.Fatalf("contact %d is not in the table\n%v", c, s.table)
		}
	}
}

// A simulator's book has no endpoints, and no limits then.
func TestNoEndpointsNoLimits(t *testing.T) {
	s := newStory(t, limits{})
	for range DefaultK {
		s.seen(Added, s.book.addAt(inBucket(s.rnd, &s.table.self, 0), netip.Addr{}))
	}
	if s.table.subnets != nil {
		t.Fatal("contacts without endpoints are counted")
	}
}

// A contact that leaves makes room for another of its subnet.
func TestRoomAfterLeaving(t *testing.T) {
	s := newStory(t, limits{})
	at := func(cpl int) identity.Contact {
		return s.book.add(inBucket(s.rnd, &s.table.self, cpl), "203.0.113.1")
	}
	first := at(0)
	s.seen(Added, first, at(0))
	s.seen(Refused, at(0))
	s.table.Remove(first)
	s.seen(Added, at(0))
	s.seen(Refused, at(0))
}

// A peer that moves within its subnet, or away, keeps its place; one that moves
// into a subnet that is at its limit does not get the new address.
func TestReplaceKeepsLimits(t *testing.T) {
	s := newStory(t, limits{perSubnetBucket: 1})
	there := func(c identity.Contact, ip string) identity.Contact {
		return s.book.add(*s.book.Position(c), ip)
	}
	a := s.book.add(inBucket(s.rnd, &s.table.self, 0), "203.0.113.1")
	b := s.book.add(inBucket(s.rnd, &s.table.self, 0), "198.51.100.1")
	s.seen(Added, a, b)
	if s.table.Replace(b, there(b, "203.0.113.2")) {
		t.Fatal("two of one subnet are in the bucket")
	}
	a2 := there(a, "203.0.113.3")
	if !s.table.Replace(a, a2) {
		t.Fatal("a contact is in the way of itself")
	}
	if !s.table.Replace(a2, there(a, "192.0.2.1")) || !s.table.Replace(b, there(b, "203.0.113.2")) {
		t.Fatal("the subnet's place was not given back")
	}
}

// Nor does one that moves into a subnet that is at its limit of the table.
func TestReplaceKeepsTableLimit(t *testing.T) {
	s := newStory(t, limits{})
	s.crowd(1, "203.0.113.%d")
	ten := held(s.table)
	if len(ten) != perSubnetTable {
		t.Fatalf("%d contacts, want ten\n%v", len(ten), s.table)
	}
	other := s.peer(20)
	s.seen(Added, other)
	if s.table.Replace(other, s.book.add(*s.book.Position(other), "203.0.113.99")) {
		t.Fatal("eleven of one subnet are in the table")
	}
	if !s.table.Replace(ten[0], s.book.add(*s.book.Position(ten[0]), "203.0.113.99")) {
		t.Fatal("one of the ten may not move within the subnet")
	}
}

// While many wait for far buckets, a near one has room for their subnet: only
// those in buckets count against the table.
func TestWaitingContactsKeepNobodyOut(t *testing.T) {
	s := newStory(t, limits{k: 1})
	for cpl := range 12 {
		s.seen(Added, s.peer(cpl))
		s.seen(Waiting, s.book.add(inBucket(s.rnd, &s.table.self, cpl), "203.0.113.1"))
	}
	for cpl := range 10 {
		s.seen(Added, s.book.add(inBucket(s.rnd, &s.table.self, 20+cpl), "203.0.113.1"))
	}
	s.seen(Refused, s.book.add(inBucket(s.rnd, &s.table.self, 40), "203.0.113.1"))
	// The table has its ten: the replacement is forgotten, not promoted.
	for _, c := range held(s.table)[:12] {
		s.table.Remove(c)
	}
	if n := s.table.Len(); n != 10 {
		t.Fatalf("%d contacts, want 10\n%v", n, s.table)
	}
}

// Limits may be greater than what a cell of the counters can count.
func TestGreatLimit(t *testing.T) {
	const limit = saturated + 50
	s := newStory(t, limits{k: MaxK, perSubnetBucket: MaxK, perSubnetTable: limit})
	s.crowd(MaxK, "203.0.113.%d")
	if n := s.table.Len(); n != limit {
		t.Fatalf("%d contacts, want %d\n%v", n, limit, s.table)
	}
}

// A cell of the counters that reached its end is no bound: counting is exact.
func TestManySubnetsInOneCell(t *testing.T) {
	s := newStory(t, limits{k: MaxK})
	var same []identity.Contact
	for i := 0; len(same) < 600; i++ {
		all := new(subnetCounts)
		if b, shift := all.cell(identity.Subnet(publicIP(i))); b != &all[7] || shift != 4 {
			continue
		}
		for range 4 {
			p := inBucket(s.rnd, &s.table.self, len(same)/MaxK)
			same = append(same, s.book.addAt(p, publicIP(i)))
		}
	}
	for _, c := range same {
		s.table.Seen(s.now, c)
	}
	if n := s.table.Len(); n != 2*len(same)/4 || s.table.subnets[7] != saturated<<4 {
		t.Fatalf("%d contacts, want two of each of %d subnets\n%v", n, len(same)/4, s.table)
	}
	for _, c := range held(s.table) {
		s.table.Remove(c)
	}
	if s.table.subnets[7] != saturated<<4 {
		t.Fatal("a cell that lost count counts again")
	}
}
