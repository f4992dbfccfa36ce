package driver

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"kadmium/identity"
)

// parseListen reads an address to bind: a multiaddr without a peer, or IP:PORT.
func parseListen(s string) (netip.AddrPort, error) {
	a, err := identity.ParseAddress(s)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if !a.ID.IsZero() {
		return netip.AddrPort{}, fmt.Errorf("%w: %q: an address to listen on names no peer", identity.ErrBadAddress, s)
	}
	return a.Endpoint, nil
}

// bind opens a socket for each address to listen on. When one fails it closes the
// others.
func bind(listen func(netip.AddrPort) (net.PacketConn, error), addresses []string) ([]net.PacketConn, error) {
	var conns []net.PacketConn
	var made undo
	for _, s := range addresses {
		at, err := parseListen(s)
		if err != nil {
			made.run()
			return nil, fmt.Errorf("%w: %w", ErrBadConfig, err)
		}
		conn, err := listen(at)
		if err != nil {
			made.run()
			if errors.Is(err, syscall.EADDRINUSE) {
				return nil, fmt.Errorf("%w: %s: another socket has it (another node?)", ErrAddressInUse, at)
			}
			return nil, fmt.Errorf("%w on %s: %w", ErrListen, at, err)
		}
		conns = append(conns, conn)
		made.close(conn)
	}
	return conns, nil
}

// listenUDP binds a UDP socket. A socket on [::] takes IPv6 only, so that 0.0.0.0 can
// be bound with the same port.
func listenUDP(at netip.AddrPort) (net.PacketConn, error) {
	network := "udp6"
	if at.Addr().Is4() {
		network = "udp4"
	}
	return net.ListenUDP(network, net.UDPAddrFromAddrPort(at))
}

// Reaches returns ErrNoSocket if no socket is of the IP version of the address.
func (d *Driver) Reaches(ip netip.Addr) error {
	switch {
	case d.transport.Families().Has(ip):
		return nil
	case ip.Unmap().Is4():
		return fmt.Errorf("%w: %s is IPv4, and the node listens on IPv6 only", ErrNoSocket, ip)
	}
	return fmt.Errorf("%w: %s is IPv6, and the node listens on IPv4 only", ErrNoSocket, ip)
}

// Addresses are the node's addresses with its ID; a socket bound to all
// interfaces is given by each interface's own address.
func (d *Driver) Addresses() []identity.Address {
	var all []identity.Address
	for _, at := range d.transport.Addrs() {
		for _, ip := range d.expand(at.Addr()) {
			all = append(all, identity.Address{ID: d.id, Endpoint: netip.AddrPortFrom(ip, at.Port())})
		}
	}
	return all
}

// expand returns an address as peers can use it. The unspecified address becomes those
// of the interfaces, loopback last. Link-local addresses are left out: they have a
// meaning on their own link only.
func (d *Driver) expand(ip netip.Addr) []netip.Addr {
	if !ip.IsUnspecified() {
		return []netip.Addr{ip}
	}
	interfaces, err := d.interfaceAddrs()
	if err != nil {
		return []netip.Addr{ip}
	}
	var own, loopback []netip.Addr
	for _, a := range interfaces {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil || prefix.Addr().Is4() != ip.Is4() || prefix.Addr().IsLinkLocalUnicast() {
			continue
		}
		if prefix.Addr().IsLoopback() {
			loopback = append(loopback, prefix.Addr())
		} else {
			own = append(own, prefix.Addr())
		}
	}
	if own = append(own, loopback...); len(own) == 0 {
		return []netip.Addr{ip}
	}
	return own
}

// onLoopback reports whether no socket can be reached from another machine.
func onLoopback(addrs []netip.AddrPort) bool {
	return !slices.ContainsFunc(addrs, func(a netip.AddrPort) bool { return !a.Addr().IsLoopback() })
}
