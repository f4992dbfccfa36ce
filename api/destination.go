package api

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"kadmium"
	"kadmium/driver"
	"kadmium/identity"
)

// ParsePeer reads PEER: a peer ID, or an address that ends in one. Its error is
// identity.ErrBadPeerID.
func ParsePeer(text string) (identity.ID, error) {
	tail := text[strings.LastIndex(text, "/p2p/")+1:]
	id, err := identity.ParseID(strings.TrimPrefix(tail, "p2p/"))
	if err != nil {
		return id, about(strconv.Quote(text), err)
	}
	return id, nil
}

// ParseAddress reads a multiaddr, also one with a name, or host:port. Its errors are a
// *Problem, kadmium.ErrBadAddress, and identity.ErrBadPeerID.
func ParseAddress(text string) (driver.Seed, error) {
	if !strings.HasPrefix(text, "/") {
		if err := checkHostPort(text); err != nil {
			return driver.Seed{}, err
		}
	} else if a, err := identity.ParseAddress(text); err == nil {
		if err := usable(text, a.Endpoint); err != nil {
			return driver.Seed{}, err
		}
	}
	s, err := driver.ParseSeed(text)
	if err != nil {
		return s, about(strconv.Quote(text), err)
	}
	return s, nil
}

// checkHostPort says in words what is wrong with host:port.
func checkHostPort(text string) error {
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" {
		return badRequest(AddressForm, "not an address: %q", text)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return badRequest("a port is a number from 1 to 65535", "not an address: %q: %q is no port", text, port)
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return nil // a name
	case ip.Zone() != "":
		return badRequest("leave the zone out", "not an address: %q: zones are local to one machine", text)
	}
	return usable(text, netip.AddrPortFrom(ip.Unmap(), uint16(number)))
}

// usable refuses endpoints that no datagram can be sent to.
func usable(text string, e netip.AddrPort) error {
	if e.Port() == 0 || e.Addr().IsUnspecified() || e.Addr().IsMulticast() {
		return badRequest("name the address and port that the node printed when it was ready", "%s: nothing can be sent there", text)
	}
	return nil
}

// A Destination is PEER|ADDR: a peer, at an endpoint or wherever it is, or whoever is at an
// endpoint.
type Destination struct {
	peer      identity.ID        // zero: not known, or that of each address
	addresses []identity.Address // several if it was a name
	name      driver.Seed        // that is not resolved yet, if it has a host
	short     string             // of an ID that is not resolved yet
}

// ParseDestination reads PEER|ADDR: a peer ID, a multiaddr, or host:port. Errors: as
// ParsePeer and ParseAddress.
func ParseDestination(text string) (Destination, error) {
	if strings.HasPrefix(text, "/p2p/") || !strings.ContainsAny(text, "/:") {
		if isShort(text) {
			return Destination{short: text}, nil
		}
		id, err := ParsePeer(text)
		return Destination{peer: id}, err
	}
	named, err := ParseAddress(text)
	switch {
	case err != nil:
		return Destination{}, err
	case named.Host() != "":
		return Destination{peer: named.Address().ID, name: named}, nil
	}
	a := named.Address()
	return Destination{peer: a.ID, addresses: []identity.Address{a}}, nil
}

// resolved is the destination with its name looked up, or with the whole ID.
func (d Destination) resolved(ctx context.Context, n *kadmium.Node, r driver.Resolver) (Destination, error) {
	if d.short != "" {
		id, err := peerAt(n, d.short)
		return Destination{peer: id}, err
	}
	if d.name.Host() == "" {
		return d, nil
	}
	addresses, err := r.Resolve(ctx, d.name)
	if len(addresses) == 0 {
		return d, problem("no-such-host", "the host's name could not be looked up", http.StatusBadGateway, exitNotDone, "check the host's name", "%v", about(d.name.String(), err))
	}
	return Destination{peer: d.peer, addresses: addresses}, nil
}

// at is the peer: where none is named, the node itself if all endpoints that it can reach are
// its own.
func (d Destination) at(n *kadmium.Node) identity.ID {
	reachable := d.reachable(n)
	if !d.peer.IsZero() || len(reachable) == 0 {
		return d.peer
	}
	own := n.Addresses()
	for _, a := range reachable {
		if !slices.Contains(own, identity.Address{ID: n.ID(), Endpoint: a.Endpoint}) {
			return d.peer
		}
	}
	return n.ID()
}

// check refuses what the node cannot send to.
func (d Destination) check(n *kadmium.Node) error {
	if len(d.addresses) == 0 || len(d.reachable(n)) > 0 {
		return nil
	}
	return hasSocket(n, d.addresses[0].Endpoint.Addr())
}

// reachable are the addresses that the node has a socket for.
func (d Destination) reachable(n *kadmium.Node) []identity.Address {
	var addresses []identity.Address
	for _, a := range d.addresses {
		if hasSocket(n, a.Endpoint.Addr()) == nil {
			addresses = append(addresses, a)
		}
	}
	return addresses
}

// A pinging is a method of the node that sends a PING.
type pinging func(*kadmium.Node, context.Context, identity.Address) (kadmium.Pong, error)

// ping asks at all endpoints that the node can reach, beside each other; the first that
// answers is taken. A peer without any is found first.
func (d Destination) ping(ctx context.Context, n *kadmium.Node, ping pinging) (kadmium.Pong, error) {
	if err := notSelf(n, d.at(n)); err != nil {
		return kadmium.Pong{}, err
	}
	if err := d.check(n); err != nil {
		return kadmium.Pong{}, err
	}
	addresses := d.reachable(n)
	if len(addresses) == 0 {
		return ping(n, ctx, identity.Address{ID: d.peer})
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type answer struct {
		pong kadmium.Pong
		err  error
	}
	answers := make(chan answer, len(addresses))
	for _, a := range addresses {
		go func() {
			pong, err := ping(n, ctx, a)
			answers <- answer{pong, err}
		}()
	}
	var last answer
	for range addresses {
		if last = <-answers; last.err == nil {
			break
		}
	}
	return last.pong, last.err
}

// pick is the one address to send to: with several endpoints that of the first that
// answers, so that nothing is sent twice. The node itself needs no answer.
func (d Destination) pick(ctx context.Context, n *kadmium.Node) (identity.Address, error) {
	if d.at(n) == n.ID() {
		return identity.Address{ID: n.ID()}, nil
	}
	if err := d.check(n); err != nil {
		return identity.Address{}, err
	}
	switch addresses := d.reachable(n); len(addresses) {
	case 0:
		return identity.Address{ID: d.peer}, nil
	case 1:
		return addresses[0], nil
	}
	pong, err := d.ping(ctx, n, (*kadmium.Node).Ping)
	return pong.Address, err
}

// hasSocket refuses an IP version that the node has no socket for. Without it the user
// would blame the peer for not answering.
func hasSocket(n *kadmium.Node, ip netip.Addr) error {
	four := ip.Unmap().Is4()
	for _, a := range n.Addresses() {
		if a.Endpoint.Addr().Unmap().Is4() == four {
			return nil
		}
	}
	version, listen := "IPv6", "/ip6/::/udp/4100"
	if four {
		version, listen = "IPv4", "/ip4/0.0.0.0/udp/4100"
	}
	p := *ProblemOf(kadmium.ErrNoSocket)
	p.Detail, p.Next = "the node that you ask has no "+version+" socket", "start the node with --listen "+listen+" as well"
	return &p
}

// notSelf refuses the node that runs the operation, which does not look for itself.
func notSelf(n *kadmium.Node, id identity.ID) error {
	if id == n.ID() {
		return badRequest("name another peer, or ask through another node", "%s is the node that you ask", id)
	}
	return nil
}

// String is the destination as the user writes it, or its addresses if that was a name.
func (d Destination) String() string {
	switch {
	case d.short != "":
		return d.short
	case d.name.Host() != "":
		return d.name.String()
	case len(d.addresses) == 0:
		return d.peer.String()
	}
	texts := make([]string, len(d.addresses))
	for i, a := range d.addresses {
		texts[i] = a.String()
	}
	return strings.Join(texts, ", ")
}
