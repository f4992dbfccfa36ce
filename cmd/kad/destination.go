package main

import (
	"context"
	"net/netip"
	"strings"

	"kadmium"
	"kadmium/identity"
)

// A destination is PEER|ADDR as it is sent to a running node: an address whose ID or
// endpoint may be missing.
type destination struct {
	Peer     identity.ID    `json:"peer,omitzero"`
	Endpoint netip.AddrPort `json:"endpoint,omitzero"`
	// Others are the further endpoints of a host name.
	Others []netip.AddrPort `json:"others,omitzero"`
}

// destinationByName is the destination at any of a host's addresses.
func destinationByName(ips []netip.Addr, port uint16) destination {
	var endpoints []netip.AddrPort
	for _, ip := range ips[:min(len(ips), maxPerName)] {
		endpoints = append(endpoints, netip.AddrPortFrom(ip.Unmap(), port))
	}
	return destination{Endpoint: endpoints[0], Others: endpoints[1:]}
}

// endpoints are all endpoints named.
func (d destination) endpoints() []netip.AddrPort {
	if !d.Endpoint.IsValid() {
		return d.Others
	}
	return append([]netip.AddrPort{d.Endpoint}, d.Others...)
}

// check refuses what the node cannot send to.
func (d destination) check(n *kadmium.Node) error {
	all := d.endpoints()
	if d.Peer.IsZero() && len(all) == 0 {
		return badInput("give the ID of a peer, an endpoint, or both", "no destination is named")
	}
	if len(all) > maxPerName {
		return badInput("name fewer", "%d endpoints, at most %d", len(all), maxPerName)
	}
	if len(all) == 0 || len(d.reachable(n)) > 0 {
		return nil
	}
	return hasSocket(n, all[0].Addr())
}

// reachable are the addresses that the node has a socket for.
func (d destination) reachable(n *kadmium.Node) []identity.Address {
	var addresses []identity.Address
	for _, e := range d.endpoints() {
		if e.IsValid() && hasSocket(n, e.Addr()) == nil {
			addresses = append(addresses, identity.Address{ID: d.Peer, Endpoint: e})
		}
	}
	return addresses
}

// A pinging is a method of the node that sends a PING.
type pinging func(*kadmium.Node, context.Context, identity.Address) (kadmium.Pong, error)

// ping asks at all endpoints that the node can reach, beside each other; the first that
// answers is taken. A peer without any is found first.
func (d destination) ping(ctx context.Context, n *kadmium.Node, ping pinging) (kadmium.Pong, error) {
	if err := notSelf(n, d.Peer); err != nil {
		return kadmium.Pong{}, err
	}
	if err := d.check(n); err != nil {
		return kadmium.Pong{}, err
	}
	addresses := d.reachable(n)
	if len(addresses) == 0 {
		return ping(n, ctx, identity.Address{ID: d.Peer})
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
func (d destination) pick(ctx context.Context, n *kadmium.Node) (identity.Address, error) {
	if d.Peer == n.ID() {
		return identity.Address{ID: d.Peer}, nil
	}
	if err := d.check(n); err != nil {
		return identity.Address{}, err
	}
	switch addresses := d.reachable(n); len(addresses) {
	case 0:
		return identity.Address{ID: d.Peer}, nil
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
	if four {
		return notDone("start the node with --listen /ip4/0.0.0.0/udp/4100 as well", "the node that you ask has no IPv4 socket")
	}
	return notDone("start the node with --listen /ip6/::/udp/4100 as well", "the node that you ask has no IPv6 socket")
}

// notSelf refuses the node that runs the operation, which does not look for itself.
func notSelf(n *kadmium.Node, id identity.ID) error {
	if id == n.ID() {
		return badInput("name another peer, or ask through another node", "%s is the node that you ask", id)
	}
	return nil
}

// String is the destination as the user writes it, or its addresses if that was a name.
func (d destination) String() string {
	all := d.endpoints()
	if len(all) == 0 {
		return d.Peer.String()
	}
	texts := make([]string, len(all))
	for i, e := range all {
		texts[i] = identity.Address{ID: d.Peer, Endpoint: e}.String()
	}
	return strings.Join(texts, ", ")
}
