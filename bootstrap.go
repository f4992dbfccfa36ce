package kadmium

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"kadmium/engine"
	"kadmium/identity"
)

// A seed is a peer to join by: an address, or the host name and port of one.
type seed struct {
	address identity.Address // endpoint invalid: the host is to be resolved
	host    string
	port    uint16
}

// parseSeed reads a multiaddr or HOST:PORT.
func parseSeed(s string) (seed, error) {
	a, err := identity.ParseAddress(s)
	if err == nil {
		if a.Endpoint.Port() == 0 {
			return seed{}, fmt.Errorf("%w: %q: nobody listens on port 0", ErrBadAddress, s)
		}
		return seed{address: a}, nil
	}
	host, port, splitErr := net.SplitHostPort(s)
	if splitErr != nil || strings.HasPrefix(s, "/") {
		return seed{}, err
	}
	if _, ipErr := netip.ParseAddr(host); ipErr == nil || host == "" || len(host) > 253 {
		return seed{}, err
	}
	number, portErr := strconv.ParseUint(port, 10, 16)
	if portErr != nil || number == 0 {
		return seed{}, fmt.Errorf("%w: %q: %q is no port", ErrBadAddress, s, port)
	}
	return seed{host: host, port: uint16(number)}, nil
}

func parseSeeds(texts []string) ([]seed, error) {
	var seeds []seed
	for _, s := range texts {
		parsed, err := parseSeed(s)
		if err != nil {
			return nil, err
		}
		seeds = append(seeds, parsed)
	}
	return seeds, nil
}

// resolve looks up the seeds' host names. Its error says why nothing came of any.
func (n *Node) resolve(ctx context.Context, seeds []seed) ([]identity.Address, error) {
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
			if ip = ip.Unmap(); ip.Zone() == "" && n.transport.Families().Has(ip) {
				addresses = append(addresses, identity.Address{Endpoint: netip.AddrPortFrom(ip, s.port)})
			}
		}
	}
	if len(addresses) == 0 && len(seeds) > 0 {
		return nil, errors.Join(ErrNoAnswer, failed)
	}
	return addresses, nil
}

// Bootstrap joins by the given peers, each a multiaddr or HOST:PORT, beside those
// the node knows: it looks the node itself up and refreshes the farther buckets
// (Kademlia, section 2.3). Errors: ErrBadAddress, ErrNoAnswer.
func (n *Node) Bootstrap(ctx context.Context, addresses ...string) (Lookup, error) {
	seeds, err := parseSeeds(addresses)
	if err != nil {
		return Lookup{}, err
	}
	known, err := n.resolve(ctx, seeds)
	if err != nil {
		return Lookup{}, err
	}
	return n.join(ctx, known)
}

func (n *Node) join(ctx context.Context, addresses []identity.Address) (Lookup, error) {
	var lookup Lookup
	err := n.run(ctx, call{
		start: func(now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
			return n.engine.Join(now, op, addresses, fx)
		},
		finish: func(r *engine.Result) { lookup = n.lookup(r) },
	})
	return lookup, err
}

// known are the seeds whose addresses need no resolving.
func known(seeds []seed) []identity.Address {
	var addresses []identity.Address
	for _, s := range seeds {
		if s.host == "" {
			addresses = append(addresses, s.address)
		}
	}
	return addresses
}

// bootstrap makes the first attempt to join. The engine repeats it while it is
// alone; but it knows addresses only, so hosts are looked up again here.
func (n *Node) bootstrap(seeds []seed) {
	hosts := slices.DeleteFunc(slices.Clone(seeds), func(s seed) bool { return s.host == "" })
	addresses, resolveErr := n.resolve(n.ctx, hosts)
	_, err := n.join(n.ctx, addresses)
	if err == nil && n.alone() {
		err = resolveErr // there was nobody to ask
	}
	if len(seeds) > 0 && err != nil {
		n.joinErr = err
		if n.ctx.Err() == nil && !errors.Is(err, ErrClosed) { // else nobody waited for an answer
			n.logger.Warn("no bootstrap peer answered", "error", err)
		}
	}
	close(n.joined)
	for len(hosts) > 0 && n.pause(resolveAgain) {
		if !n.alone() {
			continue
		}
		if addresses, err = n.resolve(n.ctx, hosts); err == nil {
			n.join(n.ctx, addresses)
		}
	}
}

// resolveAgain is how long a node that is alone trusts what DNS said.
const resolveAgain = time.Minute

// pause waits, and reports false if the node was closed meanwhile.
func (n *Node) pause(d time.Duration) bool {
	over := make(chan struct{})
	stop := n.clock.AfterFunc(d, func() { close(over) })
	defer stop()
	select {
	case <-over:
		return true
	case <-n.ctx.Done():
		return false
	}
}

func (n *Node) alone() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.engine.Alone(n.clock.Now())
}

// Joined waits until the first attempt to join has ended: nil if a peer answered
// or there was none to ask, ErrNoAnswer if no bootstrap peer did (the node goes
// on trying).
func (n *Node) Joined(ctx context.Context) error {
	select {
	case <-n.joined:
		return n.joinErr
	case <-ctx.Done():
		return ctx.Err()
	}
}
