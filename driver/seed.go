package driver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"kadmium/identity"
)

// How the name of a Seed is written as a multiaddr.
const (
	dns     = "dns"     // of either IP version
	dns4    = "dns4"    // of IPv4
	dns6    = "dns6"    // of IPv6
	dnsaddr = "dnsaddr" // the DNS has whole multiaddrs under it
)

// maxHost is the longest name of a host, in bytes (design R2.7).
const maxHost = 253

// A Seed is a peer to join through: an address, or the name under which the DNS has
// addresses.
type Seed struct {
	address identity.Address // endpoint invalid: the host is to be resolved
	host    string
	port    uint16 // 0: of a dnsaddr
	kind    string // dns and so on; empty: it is HOST:PORT, or no name
}

// ParseSeed reads a multiaddr, also one with a name (/dns/HOST/udp/PORT, /dns4/..., /dns6/...,
// /dnsaddr/HOST, each with /p2p/ID or without), or HOST:PORT. Its errors are
// identity.ErrBadAddress and identity.ErrBadPeerID.
func ParseSeed(s string) (Seed, error) {
	if strings.HasPrefix(s, "/"+dns) {
		return parseName(s)
	}
	a, err := identity.ParseAddress(s)
	if err == nil {
		if a.Endpoint.Port() == 0 {
			return Seed{}, fmt.Errorf("%w: %q: nobody listens on port 0", identity.ErrBadAddress, s)
		}
		return Seed{address: a}, nil
	}
	host, port, splitErr := net.SplitHostPort(s)
	if splitErr != nil || strings.HasPrefix(s, "/") {
		return Seed{}, err
	}
	if _, ipErr := netip.ParseAddr(host); ipErr == nil || host == "" || len(host) > maxHost {
		return Seed{}, err
	}
	number, err := parsePort(s, port)
	return Seed{host: host, port: number}, err
}

// parseName reads a multiaddr with a name.
func parseName(s string) (Seed, error) {
	part := strings.Split(s[1:], "/")
	wrong := fmt.Errorf("%w: %q: want /dns4/HOST/udp/PORT[/p2p/ID], the same with dns or dns6, or /dnsaddr/HOST[/p2p/ID]", identity.ErrBadAddress, s)
	if len(part) < 2 || part[1] == "" || len(part[1]) > maxHost {
		return Seed{}, wrong
	}
	seed := Seed{kind: part[0], host: part[1]}
	rest := part[2:]
	switch seed.kind {
	case dnsaddr:
	case dns, dns4, dns6:
		if len(rest) < 2 || rest[0] != "udp" {
			return Seed{}, wrong
		}
		var err error
		if seed.port, err = parsePort(s, rest[1]); err != nil {
			return Seed{}, err
		}
		rest = rest[2:]
	default:
		return Seed{}, wrong
	}
	if len(rest) == 0 {
		return seed, nil
	}
	if len(rest) != 2 || rest[0] != "p2p" {
		return Seed{}, wrong
	}
	var err error
	if seed.address.ID, err = identity.ParseID(rest[1]); err != nil {
		return Seed{}, err
	}
	return seed, nil
}

func parsePort(whole, text string) (uint16, error) {
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil || number == 0 {
		return 0, fmt.Errorf("%w: %q: %q is no port", identity.ErrBadAddress, whole, text)
	}
	return uint16(number), nil
}

// ParseSeeds reads several seeds, as ParseSeed.
func ParseSeeds(texts []string) ([]Seed, error) {
	var seeds []Seed
	for _, s := range texts {
		parsed, err := ParseSeed(s)
		if err != nil {
			return nil, err
		}
		seeds = append(seeds, parsed)
	}
	return seeds, nil
}

// String is the seed as a multiaddr, or HOST:PORT where it was written so.
func (s Seed) String() string {
	var text string
	switch s.kind {
	case "":
		if s.host == "" {
			return s.address.String()
		}
		return net.JoinHostPort(s.host, strconv.Itoa(int(s.port)))
	case dnsaddr:
		text = "/dnsaddr/" + s.host
	default:
		text = "/" + s.kind + "/" + s.host + "/udp/" + strconv.Itoa(int(s.port))
	}
	if !s.address.ID.IsZero() {
		text += "/p2p/" + s.address.ID.String()
	}
	return text
}

// Host is the name that is to be looked up; empty if the seed is an address.
func (s Seed) Host() string { return s.host }

// Address is the seed's address. Of a name it has the peer's ID only, if that is known.
func (s Seed) Address() identity.Address { return s.address }

// mayBe reports whether the IP is of the version that the name is written for.
func (s Seed) mayBe(ip netip.Addr) bool {
	return s.kind != dns4 && s.kind != dns6 || ip.Is4() == (s.kind == dns4)
}

// sortSeeds tells the addresses that the sockets reach from the host names that are to
// be looked up. The error says which addresses no socket reaches.
func (d *Driver) sortSeeds(seeds []Seed) (addresses []identity.Address, names []Seed, unreachable error) {
	for _, s := range seeds {
		if s.host != "" {
			names = append(names, s)
		} else if err := d.Reaches(s.address.Endpoint.Addr()); err != nil {
			unreachable = errors.Join(unreachable, fmt.Errorf("%s: %w", s, err))
		} else {
			addresses = append(addresses, s.address)
		}
	}
	return addresses, names, unreachable
}

// resolve looks a seed's name up. Its error says why there is no address to try, or beside
// addresses what else the name has: entries that failed, and addresses that no socket
// reaches.
func (d *Driver) resolve(ctx context.Context, s Seed) ([]identity.Address, error) {
	all, failed := d.resolver.Resolve(ctx, s)
	var addresses []identity.Address
	var unreachable error
	for _, a := range all {
		if err := d.Reaches(a.Endpoint.Addr()); err != nil {
			unreachable = fmt.Errorf("%s: %w", s, err)
			continue
		}
		addresses = append(addresses, a)
	}
	return addresses, errors.Join(failed, unreachable)
}
