package sim

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/sim/attack"
)

// A ground is the identities that an attacker has made around the target of one operation
// (attack.Sybil, design R11.10). Its book belongs to one searcher. The zero value has none.
type ground struct {
	first   identity.Contact   // its handle; the others follow
	subnets int                // /24s that they share
	all     []identity.Contact // nearest to the target first
	buckets int                // of a victim in which they stand, as many in each; 0: around a target
	known   []identity.Contact // of which routing tables know, in the order of positions
}

// Identities at the inner edge of an octave stand within 1/edgePart of its width from it.
const edgePart = 100

// octavesOfRegion is in how many octaves identities stand that are at the edges of them.
const octavesOfRegion = 6

// grind makes the identities around a target. closest is the distance of the closest honest
// node, radius is R, both as prefixes.
func (b *book) grind(seed, number uint64, a *attack.Attack, target *identity.Position, closest, radius uint64) {
	random, g := source(seed, forGround, number), &b.ground
	g.all = g.all[:0]
	for i := range a.Identities {
		var distance uint64
		switch u := random.Uint64(); a.Place {
		case attack.PlaceNear:
			distance, _ = bits.Mul64(u, closest)
		case attack.PlaceSpread:
			distance, _ = bits.Mul64(u, radius)
		case attack.PlaceEdges:
			edge := radius >> (1 + i%octavesOfRegion)
			distance, _ = bits.Mul64(u, edge/edgePart)
			distance += edge
		}
		c := g.first + identity.Contact(i)
		p := b.Position(c)
		binary.BigEndian.PutUint64(p[:], target.Prefix()^distance)
		for j := 8; j < len(p); j += 8 {
			binary.BigEndian.PutUint64(p[j:], random.Uint64())
		}
		g.all = append(g.all, c)
	}
	slices.SortFunc(g.all, func(x, y identity.Contact) int { return identity.Compare(target, b.Position(x), b.Position(y)) })
	g.known = g.known[:0]
}

// perSubnetOfBucket is how many contacts of one subnet a bucket takes (design R4.5).
const perSubnetOfBucket = 2

// tell has routing tables know the identities.
func (b *book) tell() {
	g := &b.ground
	g.known = append(g.known[:0], g.all...)
	slices.SortFunc(g.known, func(x, y identity.Contact) int {
		return cmp.Compare(b.Position(x).Prefix(), b.Position(y).Prefix())
	})
}

// knownWithin are the identities of which tables know that share the first n bits of v: of
// one subnet as many as a bucket takes.
func (b *book) knownWithin(v uint64, n int) []identity.Contact {
	known := b.ground.known
	if len(known) == 0 {
		return nil
	}
	if n > 0 {
		first := v &^ (1<<(64-n) - 1)
		lo, _ := slices.BinarySearchFunc(known, first, func(c identity.Contact, v uint64) int { return cmp.Compare(b.Position(c).Prefix(), v) })
		hi := lo
		for hi < len(known) && b.Position(known[hi]).Prefix()>>(64-n) == first>>(64-n) {
			hi++
		}
		known = known[lo:hi]
	}
	if b.ground.subnets == len(b.ground.all) {
		return known
	}
	of := make(map[int]int)
	var within []identity.Contact
	for _, c := range known {
		subnet := int(c-b.ground.first) % b.ground.subnets
		if of[subnet]++; of[subnet] <= perSubnetOfBucket {
			within = append(within, c)
		}
	}
	return within
}

// has reports whether a contact is one of the identities.
func (g *ground) has(c identity.Contact) bool {
	return g.first != 0 && c >= g.first && int(c-g.first) < len(g.all)
}

// nameOthers names the k identities nearest to the target, without the one that answers.
func (g *ground) nameOthers(m *rpc.Message, n *node, k int) {
	for _, c := range g.all {
		if len(m.Contacts) == k {
			return
		}
		if c != n.contact {
			m.Contacts = append(m.Contacts, c)
		}
	}
}
