package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"kadmium/identity"
)

// peerPrefix begins the text of every Ed25519 peer ID, and of no record's key.
const peerPrefix = "12D3KooW"

// addressForm says what addresses look like.
const addressForm = "an address is /ip4/203.0.113.7/udp/4100/p2p/12D3KooW..., /ip6/..., or host:port"

// resolveTime bounds the look-up of a host's name.
const resolveTime = 10 * time.Second

// parsePeer reads PEER: a peer ID, or an address that ends in one.
func parsePeer(text string) (identity.ID, error) {
	tail := text[strings.LastIndex(text, "/p2p/")+1:]
	id, err := identity.ParseID(strings.TrimPrefix(tail, "p2p/"))
	if err != nil {
		return id, fmt.Errorf("%q: %w", text, err)
	}
	return id, nil
}

// parsePeerOrAddress reads PEER|ADDR: a peer ID, a multiaddr, or host:port, whose
// host is resolved here. For a peer ID the address has no endpoint.
func parsePeerOrAddress(ctx context.Context, text string) (identity.Address, error) {
	if strings.HasPrefix(text, "/p2p/") || !strings.ContainsAny(text, "/:") {
		id, err := parsePeer(text)
		return identity.Address{ID: id}, err
	}
	a, host, err := parseAddress(text)
	if err != nil || host == "" {
		return a, err
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return a, notDone("check the host's name", "%s: %v", text, err)
	}
	a.Endpoint = netip.AddrPortFrom(ips[0].Unmap(), a.Endpoint.Port())
	return a, nil
}

// parseAddress reads a multiaddr or host:port. If host is not empty, it is a name
// that is not resolved yet, and the address has only its port.
func parseAddress(text string) (a identity.Address, host string, err error) {
	if strings.HasPrefix(text, "/") {
		if a, err = identity.ParseAddress(text); err != nil {
			return a, "", fmt.Errorf("%q: %w", text, err)
		}
		return a, "", usable(text, a.Endpoint)
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" {
		return a, "", badInput(addressForm, "not an address: %q", text)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return a, "", badInput("a port is a number from 1 to 65535", "not an address: %q: %q is no port", text, port)
	}
	ip, err := netip.ParseAddr(host)
	a.Endpoint = netip.AddrPortFrom(ip.Unmap(), uint16(number))
	switch {
	case err != nil:
		return a, host, nil
	case ip.Zone() != "":
		return a, "", badInput("leave the zone out", "not an address: %q: zones are local to one machine", text)
	}
	return a, "", usable(text, a.Endpoint)
}

// usable refuses endpoints that no datagram can be sent to.
func usable(text string, e netip.AddrPort) error {
	if e.Port() == 0 || e.Addr().IsUnspecified() || e.Addr().IsMulticast() {
		return badInput("name the address and port that the node printed when it was ready", "%s: nothing can be sent there", text)
	}
	return nil
}

// listenFor is where a client node must listen to reach the bootstrap addresses: on
// the IP versions they name. A host name counts as IPv4.
func listenFor(bootstrap []string) ([]string, error) {
	var four, six bool
	for _, text := range bootstrap {
		a, _, err := parseAddress(text)
		if err != nil {
			return nil, err
		}
		is6 := a.Endpoint.Addr().Is6()
		four, six = four || !is6, six || is6
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
