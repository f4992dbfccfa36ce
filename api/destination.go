package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"kadmium"
	"kadmium/identity"
)

// resolveTime bounds the look-up of a host's name.
const resolveTime = 10 * time.Second

// maxPerName bounds the addresses of one host name that are tried.
const maxPerName = 16

// ParsePeer reads PEER: a peer ID, or an address that ends in one. Its error is
// identity.ErrBadPeerID.
func ParsePeer(text string) (identity.ID, error) {
	tail := text[strings.LastIndex(text, "/p2p/")+1:]
	id, err := identity.ParseID(strings.TrimPrefix(tail, "p2p/"))
	if err != nil {
		return id, fmt.Errorf("%q: %w", text, err)
	}
	return id, nil
}

// ParseAddress reads a multiaddr or host:port. If host is not empty, it is a name
// that is not resolved yet, and the address has only its port. Its error is a *Problem, or
// kadmium.ErrBadAddress.
func ParseAddress(text string) (a identity.Address, host string, err error) {
	if strings.HasPrefix(text, "/") {
		if a, err = identity.ParseAddress(text); err != nil {
			return a, "", fmt.Errorf("%q: %w", text, err)
		}
		return a, "", usable(text, a.Endpoint)
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" {
		return a, "", badRequest(AddressForm, "not an address: %q", text)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return a, "", badRequest("a port is a number from 1 to 65535", "not an address: %q: %q is no port", text, port)
	}
	ip, err := netip.ParseAddr(host)
	a.Endpoint = netip.AddrPortFrom(ip.Unmap(), uint16(number))
	switch {
	case err != nil:
		return a, host, nil
	case ip.Zone() != "":
		return a, "", badRequest("leave the zone out", "not an address: %q: zones are local to one machine", text)
	}
	return a, "", usable(text, a.Endpoint)
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
	peer      identity.ID
	endpoints []netip.AddrPort // several if it was a host's name
	name      string           // host:port that is not resolved yet
}

// ParseDestination reads PEER|ADDR: a peer ID, a multiaddr, or host:port. Errors: as
// ParsePeer and ParseAddress.
func ParseDestination(text string) (Destination, error) {
	if strings.HasPrefix(text, "/p2p/") || !strings.ContainsAny(text, "/:") {
		id, err := ParsePeer(text)
		return Destination{peer: id}, err
	}
	a, host, err := ParseAddress(text)
	switch {
	case err != nil:
		return Destination{}, err
	case host != "":
		return Destination{name: text}, nil
	}
	return Destination{peer: a.ID, endpoints: []netip.AddrPort{a.Endpoint}}, nil
}

// resolved is the destination with a host's name looked up.
func (d Destination) resolved(ctx context.Context) (Destination, error) {
	if d.name == "" {
		return d, nil
	}
	a, host, err := ParseAddress(d.name)
	if err != nil {
		return d, err
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return d, problem("no-such-host", "the host's name could not be looked up", http.StatusBadGateway, exitNotDone, "check the host's name", "%s: %v", d.name, err)
	}
	return byName(ips, a.Endpoint.Port()), nil
}

// byName is the destination at any of a host's addresses.
func byName(ips []netip.Addr, port uint16) Destination {
	var d Destination
	for _, ip := range ips[:min(len(ips), maxPerName)] {
		d.endpoints = append(d.endpoints, netip.AddrPortFrom(ip.Unmap(), port))
	}
	return d
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
	if len(d.endpoints) == 0 || len(d.reachable(n)) > 0 {
		return nil
	}
	return hasSocket(n, d.endpoints[0].Addr())
}

// reachable are the addresses that the node has a socket for.
func (d Destination) reachable(n *kadmium.Node) []identity.Address {
	var addresses []identity.Address
	for _, e := range d.endpoints {
		if hasSocket(n, e.Addr()) == nil {
			addresses = append(addresses, identity.Address{ID: d.peer, Endpoint: e})
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
	case d.name != "":
		return d.name
	case len(d.endpoints) == 0:
		return d.peer.String()
	}
	texts := make([]string, len(d.endpoints))
	for i, e := range d.endpoints {
		texts[i] = identity.Address{ID: d.peer, Endpoint: e}.String()
	}
	return strings.Join(texts, ", ")
}
