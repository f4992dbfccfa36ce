package lookup

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sort"

	"kadmium/identity"
)

// A world is a Book of nodes at random positions, sorted by position, each with
// an IP address of its own: node i is contact i+1.
type world struct {
	positions []identity.Position
	tables    [][]identity.Contact // of ideal tables; made when first asked for
	k         int
}

func newWorld(n, k int, rnd *rand.Rand) *world {
	w := &world{positions: make([]identity.Position, n), tables: make([][]identity.Contact, n), k: k}
	for i := range w.positions {
		for j := 0; j < 32; j += 8 {
			binary.BigEndian.PutUint64(w.positions[i][j:], rnd.Uint64())
		}
	}
	sort.Slice(w.positions, func(i, j int) bool { return identity.Less(&w.positions[i], &w.positions[j]) })
	return w
}

func (w *world) Position(c identity.Contact) *identity.Position { return &w.positions[c-1] }

func (w *world) Address(c identity.Contact) identity.Address {
	ip := netip.AddrFrom4([4]byte{9, byte(c >> 16), byte(c >> 8), byte(c)})
	return identity.Address{ID: identity.ID{31: byte(c)}, Endpoint: netip.AddrPortFrom(ip, 4100)}
}

func (w *world) Intern(identity.Address) identity.Contact { panic("no addresses come from outside") }

// bounds are the nodes whose positions share the first bits bits with p.
func (w *world) bounds(p *identity.Position, bits int) (lo, hi int) {
	first, last := *p, *p
	for i := bits; i < identity.Bits; i++ {
		first[i/8] &^= 0x80 >> (i % 8)
		last[i/8] |= 0x80 >> (i % 8)
	}
	lo = sort.Search(len(w.positions), func(i int) bool { return !identity.Less(&w.positions[i], &first) })
	hi = sort.Search(len(w.positions), func(i int) bool { return identity.Less(&last, &w.positions[i]) })
	return lo, hi
}

// table is node c's ideal table: of each bucket k random nodes, or all there are.
func (w *world) table(c identity.Contact, rnd *rand.Rand) []identity.Contact {
	if t := w.tables[c-1]; t != nil {
		return t
	}
	t := []identity.Contact{}
	lo, hi := 0, len(w.positions) // the nodes sharing bits bits
	for bits := 0; hi-lo > 1; bits++ {
		inLo, inHi := w.bounds(w.Position(c), bits+1)
		var bucket []identity.Contact
		for i := lo; i < hi; i++ {
			if i < inLo || i >= inHi {
				bucket = append(bucket, identity.Contact(i+1))
			}
		}
		for i := range min(w.k, len(bucket)) {
			j := i + rnd.IntN(len(bucket)-i)
			bucket[i], bucket[j] = bucket[j], bucket[i]
		}
		t = append(t, bucket[:min(w.k, len(bucket))]...)
		lo, hi = inLo, inHi
	}
	w.tables[c-1] = t
	return t
}

// nearest are the n of contacts nearest to the target, nearest first.
func (w *world) nearest(contacts []identity.Contact, target *identity.Position, n int) []identity.Contact {
	sorted := slices.Clone(contacts)
	slices.SortFunc(sorted, func(a, b identity.Contact) int {
		return identity.Compare(target, w.Position(a), w.Position(b))
	})
	return sorted[:min(n, len(sorted))]
}

// truth are the n nodes nearest to the target.
func (w *world) truth(target *identity.Position, n int) []identity.Contact {
	bits := 0
	for ; bits < identity.Bits; bits++ {
		if lo, hi := w.bounds(target, bits+1); hi-lo < n {
			break
		}
	}
	lo, hi := w.bounds(target, bits)
	var all []identity.Contact
	for i := lo; i < hi; i++ {
		all = append(all, identity.Contact(i+1))
	}
	return w.nearest(all, target, n)
}
