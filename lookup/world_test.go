package lookup

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sort"
	"time"

	"kadmium/identity"
)

// epoch is when tests start.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// A world is a Book of n nodes at random positions, sorted by position, each at
// an IP address of its own: node i is contact i+1. Contacts added to it, which
// liars make up, come after those.
type world struct {
	n         int
	k         int
	rnd       *rand.Rand
	positions []identity.Position
	addresses map[identity.Contact]netip.AddrPort // of contacts added
	tables    [][]identity.Contact                // each made when first asked for
}

func newWorld(n, k int, seed uint64) *world {
	w := &world{n: n, k: k, rnd: rand.New(rand.NewPCG(seed, seed)), positions: make([]identity.Position, n),
		tables: make([][]identity.Contact, n), addresses: map[identity.Contact]netip.AddrPort{}}
	for i := range w.positions {
		w.positions[i] = w.randomPosition()
	}
	sort.Slice(w.positions, func(i, j int) bool { return bytes.Compare(w.positions[i][:], w.positions[j][:]) < 0 })
	return w
}

func (w *world) randomPosition() (p identity.Position) {
	for i := 0; i < len(p); i += 8 {
		binary.BigEndian.PutUint64(p[i:], w.rnd.Uint64())
	}
	return p
}

func (w *world) Position(c identity.Contact) *identity.Position { return &w.positions[c-1] }

func (w *world) Address(c identity.Contact) identity.Address {
	ap, ok := w.addresses[c]
	if !ok {
		ap = publicAddress(uint32(c))
	}
	return identity.Address{ID: identity.ID{31: byte(c)}, Endpoint: ap}
}

// Intern is never called by a lookup: all its contacts are interned.
func (w *world) Intern(identity.Address) identity.Contact { panic("a lookup interned an address") }

// publicAddress is an address in the nth public /24, with a port.
func publicAddress(n uint32) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{130 + byte(n>>16), byte(n >> 8), byte(n), 1}), 4100)
}

// add makes up a contact.
func (w *world) add(p identity.Position, ap netip.AddrPort) identity.Contact {
	w.positions = append(w.positions, p)
	c := identity.Contact(len(w.positions))
	w.addresses[c] = ap
	return c
}

// fabricate makes up a contact nearer to the target than any node is, at an
// address of its own.
func (w *world) fabricate(target *identity.Position) identity.Contact {
	p := identity.RandomInRange(target, 64, w.randomPosition())
	return w.add(p, publicAddress(1<<20+uint32(len(w.positions))))
}

func (w *world) isNode(c identity.Contact) bool { return int(c) <= w.n }

// bounds are the nodes whose positions share the first bits bits with p.
func (w *world) bounds(p *identity.Position, bits int) (lo, hi int) {
	first, last := *p, *p
	for i := bits; i < identity.Bits; i++ {
		first[i/8] &^= 0x80 >> (i % 8)
		last[i/8] |= 0x80 >> (i % 8)
	}
	lo = sort.Search(w.n, func(i int) bool { return bytes.Compare(w.positions[i][:], first[:]) >= 0 })
	hi = sort.Search(w.n, func(i int) bool { return bytes.Compare(last[:], w.positions[i][:]) < 0 })
	return lo, hi
}

// table is the ideal table of node c: of each bucket k random nodes, or all if fewer.
func (w *world) table(c identity.Contact) []identity.Contact {
	if t := w.tables[c-1]; t != nil {
		return t
	}
	t := []identity.Contact{}
	lo, hi := 0, w.n // the nodes sharing the first bits bits
	for bits := 0; hi-lo > 1; bits++ {
		inLo, inHi := w.bounds(w.Position(c), bits+1)
		first, end := lo, inLo // the bucket's nodes are adjacent
		if inLo == lo {
			first, end = inHi, hi
		}
		t = append(t, w.sample(first, end)...)
		lo, hi = inLo, inHi
	}
	w.tables[c-1] = t
	return t
}

// sample is k of the nodes first to end, or all if fewer.
func (w *world) sample(first, end int) (nodes []identity.Contact) {
	for len(nodes) < min(w.k, end-first) {
		i := first + len(nodes)
		if end-first > w.k {
			i = first + w.rnd.IntN(end-first)
		}
		if c := identity.Contact(i + 1); !slices.Contains(nodes, c) {
			nodes = append(nodes, c)
		}
	}
	return nodes
}

// nearest are the n of contacts nearest to the target, nearest first, without any
// that are left out.
func (w *world) nearest(contacts []identity.Contact, target *identity.Position, n int, without ...identity.Contact) []identity.Contact {
	prefix := target.Prefix()
	best := make([]identity.Contact, 0, n+1)      // sorted, grows by insertion
	farthest := uint64(math.MaxUint64)            // of a full best, its first 64 bits
	for _, c := range slices.Backward(contacts) { // tables end with their nearest
		p := w.Position(c)
		if p.Prefix()^prefix > farthest || slices.Contains(without, c) {
			continue
		}
		i := len(best)
		for i > 0 && identity.Compare(target, p, w.Position(best[i-1])) < 0 {
			i--
		}
		if best = slices.Insert(best, i, c); len(best) > n {
			best = best[:n]
		}
		if len(best) == n {
			farthest = w.Position(best[n-1]).Prefix() ^ prefix
		}
	}
	return best
}

// truth are the n nodes nearest to the target but for the searcher.
func (w *world) truth(target *identity.Position, n int, searcher identity.Contact) []identity.Contact {
	bits := 0
	for ; bits < identity.Bits; bits++ {
		if lo, hi := w.bounds(target, bits+1); hi-lo <= n {
			break
		}
	}
	lo, hi := w.bounds(target, bits)
	var all []identity.Contact
	for i := lo; i < hi; i++ {
		all = append(all, identity.Contact(i+1))
	}
	return w.nearest(all, target, n, searcher)
}
