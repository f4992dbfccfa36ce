package lookup

import (
	"encoding/binary"
	"net/netip"

	"kadmium/identity"
)

// addressAllowed prevents lying answers from directing a lookup at a victim, and who has
// one subnet from being most of what a lookup finds (wire.md rule 7; design R5.21): of
// contacts of one IP address at most PerIP are taken from answers, of one /24 or /64
// PerSubnet, of one /48 PerSite; loopback is exempt, from the last two all local
// addresses. Contacts of our own table, which has limits of its own, are not limited. An
// allowed e is marked so that it counts.
func (l *Lookup) addressAllowed(e, by *Candidate) bool {
	if by.contact == 0 {
		return true
	}
	ip := l.list.book.Address(e.contact).Endpoint.Addr()
	if ip.IsLoopback() {
		return true
	}
	e.host, e.subnet = HostTag(ip), subnetTag(ip)
	hosts, subnets, sites := 0, 0, 0
	for i := range l.list.entries {
		other := &l.list.entries[i]
		if other.host == 0 || other.host != e.host && other.subnet != e.subnet {
			continue
		}
		at := l.list.book.Address(other.contact).Endpoint.Addr()
		if at == ip {
			hosts++
		}
		if e.subnet != 0 && other.subnet == e.subnet {
			same, sameSite := near(ip, at)
			subnets, sites = subnets+same, sites+sameSite
		}
	}
	switch {
	case hosts >= PerIP:
		l.stats.Refused++
		return false
	case subnets >= l.cfg.PerSubnet || sites >= PerSite:
		l.stats.Refused++
		l.stats.SubnetRefused++
		if e.near <= l.radius {
			l.refusedNear++
		}
		return false
	}
	return true
}

// near is 1 and 0, as two addresses are of one /24 or /64, and of one /48 of IPv6.
func near(a, b netip.Addr) (subnet, site int) {
	if a.Is4() != b.Is4() {
		return 0, 0
	}
	x, y := a.As16(), b.As16()
	switch {
	case a.Is4() && [15]byte(x[:15]) == [15]byte(y[:15]):
		return 1, 0
	case a.Is4() || [6]byte(x[:6]) != [6]byte(y[:6]):
		return 0, 0
	case [8]byte(x[:8]) == [8]byte(y[:8]):
		return 1, 1
	}
	return 0, 1
}

// HostTag is 32 bits of an IP address, never 0. It distinguishes most addresses
// without a query to the book.
func HostTag(ip netip.Addr) uint32 {
	b := ip.As16() // an IPv4 address is in the last four bytes
	tag := binary.BigEndian.Uint32(b[12:])
	if !ip.Is4() {
		tag ^= binary.BigEndian.Uint32(b[8:]) ^ binary.BigEndian.Uint32(b[4:])*31
	}
	return max(tag, 1)
}

// subnetTag is 16 bits of a /24 or /48, 0 for a local address, which is not limited.
func subnetTag(ip netip.Addr) uint16 {
	if identity.IsLocal(ip) {
		return 0
	}
	b := ip.As16()
	x := binary.BigEndian.Uint64(b[:8]) >> 16
	if ip.Is4() {
		x = uint64(binary.BigEndian.Uint32(b[12:]) >> 8)
	}
	return max(1, uint16(x*0x9e3779b97f4a7c15>>48))
}
