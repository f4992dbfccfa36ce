package driver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"kadmium/engine"
	"kadmium/identity"
)

// A Seed is a peer to join through: an address, or the host name and port of one.
type Seed struct {
	address identity.Address // endpoint invalid: the host is to be resolved
	host    string
	port    uint16
}

// ParseSeed reads a multiaddr or HOST:PORT. Its error is identity.ErrBadAddress.
func ParseSeed(s string) (Seed, error) {
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
	if _, ipErr := netip.ParseAddr(host); ipErr == nil || host == "" || len(host) > 253 {
		return Seed{}, err
	}
	number, portErr := strconv.ParseUint(port, 10, 16)
	if portErr != nil || number == 0 {
		return Seed{}, fmt.Errorf("%w: %q: %q is no port", identity.ErrBadAddress, s, port)
	}
	return Seed{host: host, port: uint16(number)}, nil
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

// addressesOf are the addresses of the seeds that need no resolving.
func addressesOf(seeds []Seed) []identity.Address {
	var addresses []identity.Address
	for _, s := range seeds {
		if s.host == "" {
			addresses = append(addresses, s.address)
		}
	}
	return addresses
}

// resolve looks the seeds' host names up. Its error says why no address was found.
func (d *Driver) resolve(ctx context.Context, seeds []Seed) ([]identity.Address, error) {
	var addresses []identity.Address
	var failed error
	for _, s := range seeds {
		if s.host == "" {
			addresses = append(addresses, s.address)
			continue
		}
		ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", s.host)
		failed = errors.Join(failed, err)
		for _, ip := range ips {
			if ip = ip.Unmap(); ip.Zone() == "" && d.transport.Families().Has(ip) {
				addresses = append(addresses, identity.Address{Endpoint: netip.AddrPortFrom(ip, s.port)})
			}
		}
	}
	if len(addresses) == 0 && len(seeds) > 0 {
		return nil, errors.Join(engine.ErrNoAnswer, failed)
	}
	return addresses, nil
}
