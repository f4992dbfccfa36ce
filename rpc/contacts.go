package rpc

import (
	"encoding/binary"
	"net/netip"

	"kadmium/identity"
)

// Sizes of a packed contact in bytes: public key 32, family 1, IP 4 or 16, port 2.
const (
	contactSize4 = 39
	contactSize6 = 51

	MaxContactSize = contactSize6
)

// The family byte of a packed endpoint.
const (
	family4 = 4
	family6 = 6
)

// ContactSize is the size of a packed contact at the endpoint, in bytes: 39 for
// IPv4, 51 for IPv6.
func ContactSize(endpoint netip.AddrPort) int {
	if endpoint.Addr().Unmap().Is4() {
		return contactSize4
	}
	return contactSize6
}

// AppendContact appends the packed form of an address, the public key and then the
// endpoint: this is sent, and signed by a provider. The endpoint must be valid; its
// zone is left out.
func AppendContact(dst []byte, a identity.Address) []byte {
	return appendEndpoint(append(dst, a.ID[:]...), a.Endpoint)
}

func appendEndpoint(dst []byte, endpoint netip.AddrPort) []byte {
	if ip := endpoint.Addr().Unmap(); ip.Is4() {
		b := ip.As4()
		dst = append(append(dst, family4), b[:]...)
	} else {
		b := ip.As16()
		dst = append(append(dst, family6), b[:]...)
	}
	return binary.BigEndian.AppendUint16(dst, endpoint.Port())
}

// cutContact reads the contact that b starts with and returns what follows it;
// ok is false if b starts with none.
func cutContact(b []byte) (a identity.Address, rest []byte, ok bool) {
	if len(b) < contactSize4 {
		return a, nil, false
	}
	a.ID = identity.ID(b)
	a.Endpoint, rest, ok = cutEndpoint(b[len(a.ID):])
	return a, rest, ok
}

// cutEndpoint is cutContact for an endpoint alone. IPv4 addresses in IPv6 form are
// refused: an endpoint has only one encoding.
func cutEndpoint(b []byte) (endpoint netip.AddrPort, rest []byte, ok bool) {
	var ip netip.Addr
	switch {
	case len(b) >= 7 && b[0] == family4:
		ip, rest = netip.AddrFrom4([4]byte(b[1:])), b[5:]
	case len(b) >= 19 && b[0] == family6:
		ip, rest = netip.AddrFrom16([16]byte(b[1:])), b[17:]
	}
	if !ip.IsValid() || ip.Is4In6() {
		return netip.AddrPort{}, nil, false
	}
	return netip.AddrPortFrom(ip, binary.BigEndian.Uint16(rest)), rest[2:], true
}

// Contactable reports whether the address can be that of a peer: the key is
// known and not of small order, and the endpoint is that of one host (wire.md rule 7).
func Contactable(a identity.Address) bool {
	ip := a.Endpoint.Addr()
	return !a.ID.SmallOrder() && a.Endpoint.Port() != 0 && ip.IsValid() &&
		!ip.IsUnspecified() && !ip.IsMulticast() && ip != limitedBroadcast
}

var limitedBroadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255}) // RFC 919

// appendContacts packs contacts one behind the other.
func appendContacts(dst []byte, contacts []identity.Contact, book identity.Book) ([]byte, error) {
	for _, c := range contacts {
		a := book.Address(c)
		if !Contactable(a) {
			return dst, errNoContact
		}
		dst = AppendContact(dst, a)
	}
	return dst, nil
}

// countContacts counts the contacts packed in b; ok is false unless all of b is
// well-formed.
func countContacts(b []byte) (n int, ok bool) {
	for ; len(b) > 0; n++ {
		if _, b, ok = cutContact(b); !ok {
			return 0, false
		}
	}
	return n, true
}

// parseContacts interns the contacts packed in b, which countContacts has checked: at
// most MaxContacts of them, except those that are not Contactable.
func parseContacts(dst []identity.Contact, b []byte, book identity.Book) []identity.Contact {
	for len(b) > 0 && len(dst) < MaxContacts {
		var a identity.Address
		a, b, _ = cutContact(b)
		if Contactable(a) {
			dst = append(dst, book.Intern(a))
		}
	}
	return dst
}
