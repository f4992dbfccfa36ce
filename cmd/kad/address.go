package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"

	"kadmium/identity"
)

// peerPrefix begins the text of every Ed25519 peer's ID, and nobody's key.
const peerPrefix = "12D3KooW"

// parsePeer reads PEER: a peer ID, or an address that ends in one.
func parsePeer(text string) (identity.ID, error) {
	text = text[strings.LastIndex(text, "/p2p/")+1:]
	return identity.ParseID(strings.TrimPrefix(text, "p2p/"))
}

// parsePeerOrAddress reads PEER|ADDR: a peer ID, a multiaddr, or host:port, whose
// host is resolved here. A peer ID gives an address without an endpoint.
func parsePeerOrAddress(ctx context.Context, text string) (identity.Address, error) {
	switch {
	case strings.HasPrefix(text, "/p2p/") || !strings.ContainsAny(text, "/:"):
		id, err := parsePeer(text)
		return identity.Address{ID: id}, err
	case strings.HasPrefix(text, "/"):
		a, err := identity.ParseAddress(text)
		return a, errors.Join(err, usable(text, a, err))
	}
	ap, err := resolve(ctx, text)
	a := identity.Address{Endpoint: ap}
	if err != nil {
		return a, err
	}
	return a, usable(text, a, nil)
}

// usable refuses addresses that no datagram can be sent to.
func usable(text string, a identity.Address, err error) error {
	ip := a.Endpoint.Addr()
	if err == nil && (a.Endpoint.Port() == 0 || ip.IsUnspecified() || ip.IsMulticast()) {
		return badInput("name the address and port that the node printed when it was ready", "%s: nothing can be sent there", text)
	}
	return nil
}

// resolve reads host:port; a host name is looked up.
func resolve(ctx context.Context, text string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" {
		return netip.AddrPort{}, badInput("an address is /ip4/203.0.113.7/udp/4100/p2p/12D3KooW..., /ip6/..., or host:port", "not an address: %q", text)
	}
	number, err := net.DefaultResolver.LookupPort(ctx, "udp", port)
	if err != nil {
		return netip.AddrPort{}, badInput("a port is a number from 1 to 65535", "not an address: %q: %q is no port", text, port)
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Zone() == "" {
		return netip.AddrPortFrom(ip.Unmap(), uint16(number)), nil
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.AddrPort{}, notDone("check the host's name", "%s: %v", text, err)
	}
	return netip.AddrPortFrom(ips[0].Unmap(), uint16(number)), nil
}

// listenFor is where a client node must listen to reach the bootstrap addresses:
// on the families they name. A host name may have either.
func listenFor(bootstrap []string) ([]string, error) {
	var four, six bool
	for _, text := range bootstrap {
		if host, _, err := net.SplitHostPort(text); err == nil && !strings.HasPrefix(text, "/") {
			if ip, err := netip.ParseAddr(host); err == nil {
				four, six = four || ip.Unmap().Is4(), six || !ip.Unmap().Is4()
			} else {
				four = true
			}
			continue
		}
		a, err := identity.ParseAddress(text)
		if err := errors.Join(err, usable(text, a, err)); err != nil {
			return nil, err
		}
		four, six = four || a.Endpoint.Addr().Is4(), six || a.Endpoint.Addr().Is6()
	}
	var listen []string
	if four {
		listen = append(listen, "0.0.0.0:0")
	}
	if six {
		listen = append(listen, "[::]:0")
	}
	return listen, nil
}

// A destination is PEER|ADDR as it travels to a running node: an address whose ID
// or endpoint may be missing.
type destination struct {
	Peer     identity.ID    `json:"peer,omitzero"`
	Endpoint netip.AddrPort `json:"endpoint,omitzero"`
}

func destinationOf(a identity.Address) destination { return destination{a.ID, a.Endpoint} }

func (d destination) address() identity.Address {
	return identity.Address{ID: d.Peer, Endpoint: d.Endpoint}
}
