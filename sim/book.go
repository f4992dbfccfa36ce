package sim

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"slices"

	"kadmium/identity"
)

// A book knows all nodes of a simulation: 32 bytes each. Node i is contact i, and
// nodes count from 1. Those that serve stand first, in the order of their
// positions; behind them, in no order, those that are in nobody's table.
type book struct {
	positions []identity.Position
	servers   int
	shift     int                // a prefix shifted by it is an index of starts
	starts    []uint32           // by the first bits of a position: the first server from there on
	present   []identity.Contact // see limit
	keys      map[identity.Contact]identity.Key
	byID      map[identity.ID]identity.Contact // of owners
}

// newBook makes the positions of a run: servers first, then others.
func newBook(seed uint64, servers, others int) *book {
	b := &book{positions: make([]identity.Position, servers+others), servers: servers}
	random := source(seed, forPosition)
	prefixes := make([]uint64, servers)
	for i := range prefixes {
		prefixes[i] = random.Uint64()
	}
	slices.Sort(prefixes)
	for i := range prefixes { // equal ones, one run in 300,000 of the largest, step aside
		if i > 0 && prefixes[i] <= prefixes[i-1] {
			prefixes[i] = prefixes[i-1] + 1
		}
	}
	for i := range b.positions {
		p := &b.positions[i]
		prefix := uint64(0)
		if i < servers {
			prefix = prefixes[i]
		} else {
			prefix = random.Uint64()
		}
		binary.BigEndian.PutUint64(p[:], prefix)
		for j := 8; j < len(p); j += 8 {
			prefix = mix(prefix)
			binary.BigEndian.PutUint64(p[j:], prefix)
		}
	}
	b.index(prefixes)
	return b
}

// index notes where the servers of each prefix begin, about two of them a place.
func (b *book) index(prefixes []uint64) {
	width := max(0, bits.Len(uint(len(prefixes)))-2)
	b.shift = 64 - width
	b.starts = make([]uint32, 1<<width+1)
	next := 0
	for place := range b.starts {
		for next < len(prefixes) && prefixes[next]>>b.shift < uint64(place) {
			next++
		}
		b.starts[place] = uint32(next)
	}
	b.starts[len(b.starts)-1] = uint32(len(prefixes))
}

// from is the index of the first server whose prefix is at least v.
func (b *book) from(v uint64) int {
	place := v >> b.shift
	lo, hi := int(b.starts[place]), int(b.starts[place+1])
	for lo < hi && b.positions[lo].Prefix() < v {
		lo++
	}
	return lo
}

// within is the range of the servers whose prefix begins with the first n bits of
// v: from lo to under hi.
func (b *book) within(v uint64, n int) (lo, hi int) {
	if n == 0 {
		return 0, b.servers
	}
	first := v &^ (1<<(64-n) - 1)
	lo = b.from(first)
	if next := first + 1<<(64-n); next != 0 {
		return lo, b.from(next)
	}
	return lo, b.servers
}

// Position is where a node stands.
func (b *book) Position(c identity.Contact) *identity.Position { return &b.positions[c-1] }

// Address is a made-up ID, and an address in a /24 of the node's own.
func (b *book) Address(c identity.Contact) identity.Address {
	return identity.Address{ID: b.id(c), Endpoint: netip.AddrPortFrom(addressOf(uint32(c)), port)}
}

const port = 4100

// id is made up of the node's number, unless it has a key to sign with.
func (b *book) id(c identity.Contact) identity.ID {
	if b.keys != nil {
		if key, ok := b.keys[c]; ok {
			return key.ID()
		}
	}
	var id identity.ID
	copy(id[:], "simulated")
	binary.BigEndian.PutUint32(id[len(id)-4:], uint32(c))
	return id
}

// Intern is the node of an address.
func (b *book) Intern(a identity.Address) identity.Contact {
	if c, ok := b.byID[a.ID]; ok {
		return c
	}
	return identity.Contact(binary.BigEndian.Uint32(a.ID[len(a.ID)-4:]))
}

// sign gives a node a key of its own: what it provides is signed.
func (b *book) giveKey(seed uint64, c identity.Contact) {
	if b.keys == nil {
		b.keys, b.byID = make(map[identity.Contact]identity.Key), make(map[identity.ID]identity.Contact)
	}
	var secret [32]byte
	for i := 0; i < len(secret); i += 8 {
		binary.BigEndian.PutUint64(secret[i:], hash(seed, forKey, uint64(c), uint64(i)))
	}
	key := identity.KeyFromSeed(secret)
	b.keys[c], b.byID[key.ID()] = key, c
}

// addressOf gives each node a public /24: 1.0.0.0 to 223.255.255.0 without the
// blocks that are private, loopback, link-local or shared.
func addressOf(n uint32) netip.Addr {
	block := n - 1 + 1<<16 // from 1.0.0.0
	for _, r := range reserved {
		if block < r.first {
			break
		}
		block += r.blocks
	}
	return netip.AddrFrom4([4]byte{byte(block >> 16), byte(block >> 8), byte(block), 1})
}

// reserved are the blocks left out, in /24s, in order.
var reserved = [...]struct{ first, blocks uint32 }{
	{10 << 16, 1 << 16},        // 10.0.0.0/8
	{100<<16 | 64<<8, 64 << 8}, // 100.64.0.0/10
	{127 << 16, 1 << 16},       // 127.0.0.0/8
	{169<<16 | 254<<8, 1 << 8}, // 169.254.0.0/16
	{172<<16 | 16<<8, 16 << 8}, // 172.16.0.0/12
	{192<<16 | 168<<8, 1 << 8}, // 192.168.0.0/16
}
