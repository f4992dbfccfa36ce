package kbucket

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"kadmium/identity"
)

// start is when every test begins.
var start = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// A testBook hands out contacts at positions of the test's choosing.
type testBook struct {
	entries []testContact
}

type testContact struct {
	position identity.Position
	endpoint netip.AddrPort
}

// add is a new contact at a position and an address.
func (b *testBook) add(p identity.Position, ip string) identity.Contact {
	return b.addAt(p, netip.MustParseAddr(ip))
}

func (b *testBook) addAt(p identity.Position, ip netip.Addr) identity.Contact {
	if len(b.entries) == 0 {
		b.entries = make([]testContact, 1)
	}
	b.entries = append(b.entries, testContact{p, netip.AddrPortFrom(ip, 4100)})
	return identity.Contact(len(b.entries) - 1)
}

func (b *testBook) Position(c identity.Contact) *identity.Position { return &b.entries[c].position }

func (b *testBook) Address(c identity.Contact) identity.Address {
	return identity.Address{Endpoint: b.entries[c].endpoint}
}

func (b *testBook) Intern(a identity.Address) identity.Contact {
	panic(fmt.Sprintf("the table interns nothing, but interned %v", a))
}

// inBucket is a random position in bucket cpl of the node at self.
func inBucket(rnd *rand.Rand, self *identity.Position, cpl int) identity.Position {
	return identity.RandomInRange(self, cpl, randomPosition(rnd))
}

func randomPosition(rnd *rand.Rand) identity.Position {
	var p identity.Position
	for i := 0; i < len(p); i += 8 {
		binary.LittleEndian.PutUint64(p[i:], rnd.Uint64())
	}
	return p
}

// publicIP is an address of its own /24 for each i below 2^20.
func publicIP(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{20 + byte(i>>16), byte(i >> 8), byte(i), 1})
}

// held lists the contacts in the buckets, in the table's order.
func held(t *Table) []identity.Contact {
	var all []identity.Contact
	t.Each(func(c identity.Contact, _ time.Time, _, _ int) { all = append(all, c) })
	return all
}
