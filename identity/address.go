package identity

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// ErrBadAddress reports text that is not the address of a UDP endpoint.
var ErrBadAddress = errors.New("not an address")

// An Address is a UDP endpoint and, where it is known, the ID of the peer there.
// Endpoint addresses are kept unmapped (never ::ffff:a.b.c.d).
type Address struct {
	ID       ID
	Endpoint netip.AddrPort
}

// ParseAddress reads a multiaddr, /ip4/203.0.113.7/udp/4100/p2p/12D3KooW...
// (or /ip6/...; the /p2p part may be missing), or ip:port. It does not resolve host
// names. Its error is ErrBadAddress, or ErrBadPeerID for what follows /p2p/.
func ParseAddress(s string) (Address, error) {
	if len(s) > 256 {
		return Address{}, fmt.Errorf("%w: %d characters are too many", ErrBadAddress, len(s))
	}
	if !strings.HasPrefix(s, "/") {
		ap, err := netip.ParseAddrPort(s)
		if err != nil {
			return Address{}, fmt.Errorf("%w: %q: want /ip4/A.B.C.D/udp/PORT[/p2p/ID], /ip6/..., or IP:PORT", ErrBadAddress, s)
		}
		return newAddress(ID{}, ap, s)
	}
	part := strings.Split(s[1:], "/")
	if len(part) != 4 && len(part) != 6 || part[2] != "udp" || len(part) == 6 && part[4] != "p2p" {
		return Address{}, fmt.Errorf("%w: %q: want /ip4/A.B.C.D/udp/PORT[/p2p/ID], or the same with ip6", ErrBadAddress, s)
	}
	ip, err := netip.ParseAddr(part[1])
	if err != nil || part[0] != "ip4" && part[0] != "ip6" || (part[0] == "ip4") != ip.Is4() {
		return Address{}, fmt.Errorf("%w: %q: %q is no %s address", ErrBadAddress, s, part[1], part[0])
	}
	port, err := strconv.ParseUint(part[3], 10, 16)
	if err != nil {
		return Address{}, fmt.Errorf("%w: %q: %q is no port", ErrBadAddress, s, part[3])
	}
	var id ID
	if len(part) == 6 {
		if id, err = ParseID(part[5]); err != nil {
			return Address{}, err
		}
	}
	return newAddress(id, netip.AddrPortFrom(ip, uint16(port)), s)
}

func newAddress(id ID, ap netip.AddrPort, text string) (Address, error) {
	if ap.Addr().Zone() != "" {
		return Address{}, fmt.Errorf("%w: %q: zones are local to one machine", ErrBadAddress, text)
	}
	return Address{id, netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())}, nil
}

// String is the address as a multiaddr, with /p2p/ID if the ID is known.
func (a Address) String() string {
	ip, family := a.Endpoint.Addr(), "/ip6/"
	if !ip.IsValid() {
		if a.ID.IsZero() {
			return ""
		}
		return "/p2p/" + a.ID.String()
	}
	if ip.Is4() {
		family = "/ip4/"
	}
	s := family + ip.String() + "/udp/" + strconv.Itoa(int(a.Endpoint.Port()))
	if !a.ID.IsZero() {
		s += "/p2p/" + a.ID.String()
	}
	return s
}

// MarshalText makes an address its multiaddr in JSON.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what MarshalText wrote, or anything ParseAddress reads.
func (a *Address) UnmarshalText(text []byte) (err error) {
	*a, err = ParseAddress(string(text))
	return err
}

// IsLocal reports whether the address is in a loopback, link-local or private range.
// Such addresses are not counted by subnet (design R4.5, R2.11), and are not accepted from a
// public peer (wire.md rule 7).
func IsLocal(ip netip.Addr) bool {
	if !ip.Is4() {
		return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
	}
	// This is called for every contact that is named, so it decides the frequent cases
	// first.
	switch b := ip.As4(); b[0] {
	case 10, 127:
		return true
	case 169:
		return b[1] == 254
	case 172:
		return b[1]&0xf0 == 16
	case 192:
		return b[1] == 168
	}
	return false
}

// Subnet is the range by which the IP limits of the routing table count: the /24 of an
// IPv4 address, the /48 of an IPv6 address.
func Subnet(ip netip.Addr) netip.Prefix {
	width := 48
	if ip = ip.Unmap(); ip.Is4() {
		width = 24
	}
	p, _ := ip.Prefix(width) // the widths fit the families
	return p
}

// A NetGroup is what counts as one peer where places or votes are limited (design R2.11):
// the subnet, since its owner can make any number of peers; the peer if its address is
// local or not known.
type NetGroup struct {
	Subnet netip.Prefix
	Peer   ID
}

// NetGroup is the group of the peer at the address.
func (a Address) NetGroup() NetGroup {
	if ip := a.Endpoint.Addr(); ip.IsValid() && !IsLocal(ip) {
		return NetGroup{Subnet: Subnet(ip)}
	}
	return NetGroup{Peer: a.ID}
}

// Wide is the range that such a group is in, an IPv4 /16 or an IPv6 /32; the group itself if
// it is a peer.
func (g NetGroup) Wide() NetGroup {
	ip := g.Subnet.Addr()
	if !ip.IsValid() {
		return g
	}
	width := 32
	if ip.Is4() {
		width = 16
	}
	p, _ := ip.Prefix(width)
	return NetGroup{Subnet: p}
}

// Host is the range that the owner of one machine is assumed to have, for the limits on
// first contacts: one IPv4 address, or the /64 of an IPv6 address.
func Host(ip netip.Addr) netip.Prefix {
	width := 64
	if ip = ip.Unmap(); ip.Is4() {
		width = 32
	}
	p, _ := ip.Prefix(width)
	return p
}
