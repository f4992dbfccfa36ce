package main

import (
	"context"
	"net/netip"

	"kadmium"
	"kadmium/identity"
)

// A destination is PEER|ADDR as it travels to a running node: an address whose ID
// or endpoint may be missing.
type destination struct {
	Peer     identity.ID    `json:"peer,omitzero"`
	Endpoint netip.AddrPort `json:"endpoint,omitzero"`
}

func destinationOf(a identity.Address) destination { return destination{a.ID, a.Endpoint} }

// locate is where to send: a peer of which only the ID is known is looked up. The
// walk is nil if it was not.
func (d destination) locate(ctx context.Context, n *kadmium.Node) (identity.Address, *walk, error) {
	if d.Peer.IsZero() && !d.Endpoint.IsValid() {
		return identity.Address{}, nil, badInput("give the ID of a peer, an endpoint, or both", "no destination is named")
	}
	if err := notSelf(n, d.Peer); err != nil {
		return identity.Address{}, nil, err
	}
	if d.Endpoint.IsValid() {
		if err := hasSocket(n, d.Endpoint.Addr()); err != nil {
			return identity.Address{}, nil, err
		}
		return identity.Address{ID: d.Peer, Endpoint: d.Endpoint}, nil, nil
	}
	found, err := n.FindPeer(ctx, d.Peer)
	w := newWalk(found.Lookup)
	return found.Peer.Address, &w, err
}

// hasSocket refuses what the node has no socket for: its silence would be blamed on
// the peer.
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

// notSelf refuses the node that is asked: it is no peer of its own.
func notSelf(n *kadmium.Node, id identity.ID) error {
	if id == n.ID() {
		return badInput("name another peer, or ask through another node", "%s is the node that you ask", id)
	}
	return nil
}

// String is the destination as its user spells it.
func (d destination) String() string {
	if !d.Endpoint.IsValid() {
		return d.Peer.String()
	}
	return identity.Address{ID: d.Peer, Endpoint: d.Endpoint}.String()
}

// A search is the lookup, if there was one, that found whom a command works with.
type search struct {
	Lookup *walk `json:"lookup,omitempty"`
}

func (s *search) walked() *walk {
	if s.Lookup == nil {
		return new(walk)
	}
	return s.Lookup
}
