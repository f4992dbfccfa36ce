package driver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"kadmium/identity"
)

// resolveTime bounds the look-up of one name, with all the names that it leads to.
const resolveTime = 15 * time.Second

// MaxPerName bounds the addresses of one name that are tried (design R7.11).
const MaxPerName = 64

// maxLookUps bounds what is looked up for one name: an entry of a dnsaddr may name others
// (design R8.39).
const maxLookUps = 16

// textPrefix begins the text that an entry of a dnsaddr has in the DNS, and textHost its
// name there (https://github.com/multiformats/multiaddr/blob/master/protocols/DNSADDR.md).
const (
	textPrefix = "dnsaddr="
	textHost   = "_dnsaddr."
)

// A Resolver looks names up. A function that is nil asks the system.
type Resolver struct {
	Host func(ctx context.Context, host string) ([]netip.Addr, error)
	Text func(ctx context.Context, name string) ([]string, error) // TXT
}

func (r Resolver) host(ctx context.Context, host string) ([]netip.Addr, error) {
	if r.Host != nil {
		return r.Host(ctx, host)
	}
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

func (r Resolver) text(ctx context.Context, name string) ([]string, error) {
	if r.Text != nil {
		return r.Text(ctx, name)
	}
	return net.DefaultResolver.LookupTXT(ctx, name)
}

// Resolve looks the seed's name up, if it has one. It returns no address without an error,
// but may return both where an entry of several failed.
func (r Resolver) Resolve(ctx context.Context, s Seed) ([]identity.Address, error) {
	if s.host == "" {
		return []identity.Address{s.address}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	look := &lookUp{Resolver: r, left: maxLookUps}
	failed := look.resolve(ctx, s)
	if errors.Is(failed, context.DeadlineExceeded) { // not that of the caller
		failed = fmt.Errorf("lookup %s: no answer within %v", s.host, resolveTime)
	}
	if len(look.found) == 0 && failed == nil {
		failed = fmt.Errorf("%s: the name has no usable address", s)
	}
	return look.found, failed
}

// A lookUp is the look-up of one name, and of those that it leads to.
type lookUp struct {
	Resolver
	left  int // names that may still be looked up
	found []identity.Address
}

func (l *lookUp) resolve(ctx context.Context, s Seed) error {
	if l.left--; l.left < 0 {
		return fmt.Errorf("%s: it leads to more than %d names", s, maxLookUps)
	}
	if s.kind == dnsaddr {
		return l.entries(ctx, s)
	}
	ips, err := l.host(ctx, s.host)
	if err != nil {
		return err
	}
	for _, ip := range ips {
		if ip = ip.Unmap(); ip.Zone() == "" && s.mayBe(ip) {
			l.take(identity.Address{ID: s.address.ID, Endpoint: netip.AddrPortFrom(ip, s.port)})
		}
	}
	return nil
}

// entries looks up what a dnsaddr names: addresses, and names in their turn. Entries for
// other transports than UDP, and for other peers than that which the dnsaddr names, are
// passed over.
func (l *lookUp) entries(ctx context.Context, s Seed) error {
	texts, err := l.text(ctx, textHost+s.host)
	if err != nil {
		return err
	}
	var failed error
	for _, text := range texts {
		entry, is := strings.CutPrefix(text, textPrefix)
		if !is {
			continue
		}
		named, err := ParseSeed(entry)
		if err != nil || !s.address.ID.IsZero() && !named.address.ID.IsZero() && named.address.ID != s.address.ID {
			continue
		}
		if named.address.ID.IsZero() {
			named.address.ID = s.address.ID
		}
		if named.host == "" {
			l.take(named.address)
		} else if err := l.resolve(ctx, named); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// take keeps an address, unless there are too many.
func (l *lookUp) take(a identity.Address) {
	if len(l.found) < MaxPerName && !slices.Contains(l.found, a) {
		l.found = append(l.found, a)
	}
}
