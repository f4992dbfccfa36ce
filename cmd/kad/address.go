package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
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

// maxPerName bounds the addresses of one host name that are tried.
const maxPerName = 16

// parseDestination reads PEER|ADDR: a peer ID, a multiaddr, or host:port, whose host is
// resolved here.
func parseDestination(ctx context.Context, text string) (destination, error) {
	if strings.HasPrefix(text, "/p2p/") || !strings.ContainsAny(text, "/:") {
		id, err := parsePeer(text)
		return destination{Peer: id}, err
	}
	a, host, err := parseAddress(text)
	if err != nil || host == "" {
		return destination{Peer: a.ID, Endpoint: a.Endpoint}, err
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return destination{}, notDone("check the host's name", "%s: %v", text, err)
	}
	return destinationByName(ips, a.Endpoint.Port()), nil
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

// checkBootstrap refuses text that is not the address of a peer.
func checkBootstrap(bootstrap []string) error {
	for _, text := range bootstrap {
		if _, _, err := parseAddress(text); err != nil {
			return err
		}
	}
	return nil
}

// Where a client node listens.
var (
	anyIPv4 = netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	anyIPv6 = netip.AddrPortFrom(netip.IPv6Unspecified(), 0)
)

// listenFor is where a client node listens that joins by the bootstrap addresses: on
// both IP versions where the machine has both. A version that it has only for itself
// counts if the bootstrap addresses do not rule out that the network is on this machine.
func listenFor(bootstrap []string) ([]string, error) {
	if err := checkBootstrap(bootstrap); err != nil || len(bootstrap) == 0 {
		return nil, err
	}
	var listen []string
	for _, at := range []netip.AddrPort{anyIPv4, anyIPv6} {
		if (outward(at.Addr().Is4()) || mayNeed(bootstrap, at.Addr().Is4())) && canListen(at) {
			listen = append(listen, at.String())
		}
	}
	if len(listen) == 0 {
		listen = []string{anyIPv4.String()} // the error says why not
	}
	return listen, nil
}

// mayNeed reports whether a bootstrap address is a host name, of the IP version, or of
// this machine only.
func mayNeed(bootstrap []string, four bool) bool {
	return slices.ContainsFunc(bootstrap, func(text string) bool {
		a, host, _ := parseAddress(text)
		return host != "" || a.Endpoint.Addr().Is4() == four || a.Endpoint.Addr().IsLoopback()
	})
}

// outward reports whether the machine has an address of the IP version that is more than
// its own.
func outward(four bool) bool {
	addresses, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(addresses, func(a net.Addr) bool {
		prefix, err := netip.ParsePrefix(a.String())
		ip := prefix.Addr()
		return err == nil && ip.Is4() == four && !ip.IsLoopback() && !ip.IsLinkLocalUnicast()
	})
}

func canListen(at netip.AddrPort) bool {
	network := "udp6"
	if at.Addr().Is4() {
		network = "udp4"
	}
	c, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(at))
	if err != nil {
		return false
	}
	c.Close()
	return true
}
