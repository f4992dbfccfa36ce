package sim

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"slices"

	"kadmium/identity"
)

// A book is the contact book of a simulation: the positions of all nodes, 32 bytes each.
// Node i is contact i, counted from 1. Servers come first, sorted by position. Nodes that
// are in no table follow, in no order.
type book struct {
	positions []identity.Position
	servers   int
	shift     int                // a prefix shifted right by this is an index of starts
	starts    []uint32           // by the first bits of a position: the first server at it or behind
	present   []identity.Contact // see restrictTo
	keys      map[identity.Contact]identity.Key
	byID      map[identity.ID]identity.Contact // of keys
	pool      *book                            // the nodes behind the servers that addPool added; nil: none
	shared    sharing
	ground    ground
}

// newBook makes the positions of a run.
func newBook(seed uint64, servers, others int) *book {
	b := &book{positions: make([]identity.Position, servers+others), servers: servers}
	random := source(seed, forPosition)
	prefixes := make([]uint64, servers)
	for i := range prefixes {
		prefixes[i] = random.Uint64()
	}
	slices.Sort(prefixes)
	for i := range prefixes { // make equal ones distinct: they occur in one of 300,000 runs of maxNodes
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

// index makes starts, with about two servers for each entry.
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

// within is the range of the servers that share the first n bits of v: from lo, without
// hi.
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

// Position is the position of a node.
func (b *book) Position(c identity.Contact) *identity.Position { return &b.positions[c-1] }

// Address is the made-up ID of a node, and its endpoint.
func (b *book) Address(c identity.Contact) identity.Address {
	return identity.Address{ID: b.id(c), Endpoint: b.endpoint(c)}
}

const port = 4100

// id is the ID of the node's key, or an ID made of its number if it has none.
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

// Intern is the node that has an address.
func (b *book) Intern(a identity.Address) identity.Contact {
	if c, ok := b.byID[a.ID]; ok {
		return c
	}
	return identity.Contact(binary.BigEndian.Uint32(a.ID[len(a.ID)-4:]))
}

// giveKey gives a node a key, with which it signs its provider entries.
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

// addressOf gives each node a public /24, from 1.0.0.0 to 223.255.255.0, without the
// private, loopback, link-local and shared blocks.
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

// reserved are the blocks that are left out, counted in /24s, in order.
var reserved = [...]struct{ first, blocks uint32 }{
	{10 << 16, 1 << 16},        // 10.0.0.0/8
	{100<<16 | 64<<8, 64 << 8}, // 100.64.0.0/10
	{127 << 16, 1 << 16},       // 127.0.0.0/8
	{169<<16 | 254<<8, 1 << 8}, // 169.254.0.0/16
	{172<<16 | 16<<8, 16 << 8}, // 172.16.0.0/12
	{192<<16 | 168<<8, 1 << 8}, // 192.168.0.0/16
}
