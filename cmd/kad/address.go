package main

import (
	"net"
	"net/netip"
	"slices"

	"kadmium/api"
)

// checkBootstrap refuses text that is not the address of a peer.
func checkBootstrap(bootstrap []string) error {
	for _, text := range bootstrap {
		if _, err := api.ParseAddress(text); err != nil {
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
		s, _ := api.ParseAddress(text)
		a := s.Address()
		return s.Host() != "" || a.Endpoint.Addr().Is4() == four || a.Endpoint.Addr().IsLoopback()
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
