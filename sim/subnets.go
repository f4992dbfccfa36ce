package sim

import (
	"net/netip"

	"kadmium/identity"
)

// Where several nodes share a /24, they have hosts of it in turn, and further ports when all
// hosts are taken.
const hostsOfSubnet = 254

// A sharing says which nodes of a book share /24s. The zero value: none.
type sharing struct {
	order   []uint32 // of the nodes that do, by number: the place of each in a random order
	subnets int      // that they share
	pool    int      // that the pool shares
}

// share has the first n nodes share so many /24s, at random.
func (b *book) share(seed uint64, n, subnets int) {
	random := source(seed, forSubnet)
	order := make([]uint32, n)
	for i := range order {
		j := below(random.Uint64(), i+1)
		order[i] = order[j]
		order[j] = uint32(i)
	}
	b.shared.order, b.shared.subnets = order, subnets
}

// addPool adds identities that an attacker made beforehand, as the nodes behind the servers.
// They share so many /24s behind those of all servers.
func (b *book) addPool(seed uint64, identities, subnets int) {
	pool := newBook(hash(seed, forPool), identities, 0)
	all := make([]identity.Position, 0, len(b.positions)+identities)
	all = append(append(append(all, b.positions[:b.servers]...), pool.positions...), b.positions[b.servers:]...)
	pool.positions = all[b.servers:][:identities:identities]
	b.positions, b.pool, b.shared.pool = all, pool, subnets
}

// poolSize is the number of identities of the pool.
func (b *book) poolSize() int {
	if b.pool == nil {
		return 0
	}
	return b.pool.servers
}

// guest is the first node that is in no table: behind the servers and the pool.
func (b *book) guest() identity.Contact { return identity.Contact(b.servers + b.poolSize() + 1) }

// closestOfPool appends the n identities of the pool closest to a target, closest first.
func (b *book) closestOfPool(dst []identity.Contact, target *identity.Position, n int) []identity.Contact {
	first := len(dst)
	dst = b.pool.closest(dst, target, n, nil)
	for i := range dst[first:] {
		dst[first+i] += identity.Contact(b.servers)
	}
	return dst
}

// endpoint is where a node stands: in a /24 of its own, unless nodes share some.
func (b *book) endpoint(c identity.Contact) netip.AddrPort {
	n, s := int(c)-1, &b.shared
	if n < len(s.order) {
		at := int(s.order[n])
		return hostOf(at%s.subnets, at/s.subnets)
	}
	behind := n - b.servers // the servers
	if b.pool != nil && behind >= 0 {
		if behind < b.pool.servers {
			return hostOf(b.servers+behind%s.pool, behind/s.pool)
		}
		n += s.pool - b.pool.servers
	}
	if g := &b.ground; g.has(c) {
		i := int(c - g.first)
		return hostOf(n-i+i%g.subnets, i/g.subnets)
	}
	return hostOf(n, 0)
}

// hostOf is a host of a /24.
func hostOf(subnet, host int) netip.AddrPort {
	a := addressOf(uint32(subnet) + 1).As4()
	a[3] += byte(host % hostsOfSubnet)
	return netip.AddrPortFrom(netip.AddrFrom4(a), port+uint16(host/hostsOfSubnet))
}
