package lookup

import (
	"encoding/binary"
	"net/netip"
)

// addressAllowed prevents lying answers from directing a lookup at a victim (wire.md
// rule 7): at most PerIP contacts of one IP address are taken from answers; loopback
// is exempt. Contacts of our own table, which has limits of its own, are not limited.
// An allowed e is marked so that it counts.
func (l *Lookup) addressAllowed(e, by *Candidate) bool {
	if by.contact == 0 {
		return true
	}
	ip := l.list.book.Address(e.contact).Endpoint.Addr()
	if ip.IsLoopback() {
		return true
	}
	e.host = HostTag(ip)
	n := 0
	for i := range l.list.entries {
		other := &l.list.entries[i]
		if other.host == e.host && l.list.book.Address(other.contact).Endpoint.Addr() == ip {
			n++
		}
	}
	if n >= PerIP {
		l.stats.Refused++
		return false
	}
	return true
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
