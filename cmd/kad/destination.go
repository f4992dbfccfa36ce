package main

import (
	"net/netip"

	"kadmium"
	"kadmium/identity"
)

// A destination is PEER|ADDR as it is sent to a running node: an address whose ID or
// endpoint may be missing.
type destination struct {
	Peer     identity.ID    `json:"peer,omitzero"`
	Endpoint netip.AddrPort `json:"endpoint,omitzero"`
}

func destinationOf(a identity.Address) destination { return destination{a.ID, a.Endpoint} }

func (d destination) address() identity.Address {
	return identity.Address{ID: d.Peer, Endpoint: d.Endpoint}
}

// check refuses what the node cannot send to.
func (d destination) check(n *kadmium.Node) error {
	if d.Peer.IsZero() && !d.Endpoint.IsValid() {
		return badInput("give the ID of a peer, an endpoint, or both", "no destination is named")
	}
	if err := notSelf(n, d.Peer); err != nil || !d.Endpoint.IsValid() {
		return err
	}
	return hasSocket(n, d.Endpoint.Addr())
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

// notSelf refuses the node that runs the operation: it is not a peer of its own.
func notSelf(n *kadmium.Node, id identity.ID) error {
	if id == n.ID() {
		return badInput("name another peer, or ask through another node", "%s is the node that you ask", id)
	}
	return nil
}

// String is the destination as the user writes it.
func (d destination) String() string {
	if !d.Endpoint.IsValid() {
		return d.Peer.String()
	}
	return d.address().String()
}
