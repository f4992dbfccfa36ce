package driver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

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

// String is the seed as the user writes it.
func (s Seed) String() string {
	if s.host == "" {
		return s.address.String()
	}
	return net.JoinHostPort(s.host, strconv.Itoa(int(s.port)))
}

// resolveTime bounds the look-up of one host name.
const resolveTime = 15 * time.Second

// maxPerName bounds the addresses of one host name that are tried (design R7.11).
const maxPerName = 16

// lookUpHost is the resolver of a Config that has none.
func lookUpHost(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
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

// resolve looks a seed's host name up. Its error says why there is no address to try,
// or beside addresses that the name has more, which no socket reaches.
func (d *Driver) resolve(ctx context.Context, s Seed) ([]identity.Address, error) {
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	ips, err := d.lookUpHost(ctx, s.host)
	if errors.Is(err, context.DeadlineExceeded) { // not that of the caller
		err = fmt.Errorf("lookup %s: no answer within %v", s.host, resolveTime)
	}
	if err != nil {
		return nil, err
	}
	var addresses []identity.Address
	var unreachable error
	for _, ip := range ips {
		if ip = ip.Unmap(); ip.Zone() != "" || len(addresses) == maxPerName {
			continue
		}
		if err := d.Reaches(ip); err != nil {
			unreachable = fmt.Errorf("%s: %w", s, err)
			continue
		}
		addresses = append(addresses, identity.Address{Endpoint: netip.AddrPortFrom(ip, s.port)})
	}
	if len(addresses) == 0 && unreachable == nil {
		return nil, fmt.Errorf("%s: the name has no usable address", s)
	}
	return addresses, unreachable
}
