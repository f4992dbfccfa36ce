package memnet

import (
	"fmt"
	"net/netip"
)

// A NAT connects a private side to the network, with one public port for each Conn inside
// (endpoint-independent mapping, RFC 4787). Only endpoints that the Conn wrote to reach
// it through that port (address- and port-dependent filtering).
type NAT struct {
	net      *Network
	public   netip.Addr
	ports    map[*Conn]uint16
	mappings map[uint16]*mapping
	inside   map[netip.AddrPort]*Conn
	next     uint16
}

type mapping struct {
	conn  *Conn
	wrote map[netip.AddrPort]bool
}

// NAT is a new NAT with the public address. Its error is ErrAddressInUse.
func (n *Network) NAT(public netip.Addr) (*NAT, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.nats[public] != nil {
		return nil, fmt.Errorf("%w: %v", ErrAddressInUse, public)
	}
	t := &NAT{
		net: n, public: public, next: 20000,
		ports: make(map[*Conn]uint16), mappings: make(map[uint16]*mapping), inside: make(map[netip.AddrPort]*Conn),
	}
	n.nats[public] = t
	return t, nil
}

// Listen is a Conn at a private address behind the NAT. Conns behind one NAT do
// not reach one another. Its error is ErrAddressInUse.
func (t *NAT) Listen(private netip.AddrPort) (*Conn, error) {
	t.net.mu.Lock()
	defer t.net.mu.Unlock()
	if t.inside[private] != nil {
		return nil, fmt.Errorf("%w: %v", ErrAddressInUse, private)
	}
	c := newConn(t.net, private)
	c.nat = t
	t.inside[private] = c
	return c, nil
}

// Rebind forgets all mappings, as a NAT does after a restart or a timeout: the next
// datagram out gets another port.
func (t *NAT) Rebind() {
	t.net.mu.Lock()
	defer t.net.mu.Unlock()
	clear(t.ports)
	clear(t.mappings)
}

// Public is the address the Conn's datagrams now come from, if it sent any.
func (t *NAT) Public(c *Conn) (netip.AddrPort, bool) {
	t.net.mu.Lock()
	defer t.net.mu.Unlock()
	port, ok := t.ports[c]
	return netip.AddrPortFrom(t.public, port), ok
}

// translateOut is the public source address of what c sends. The network is locked.
func (t *NAT) translateOut(c *Conn, to netip.AddrPort) netip.AddrPort {
	port, ok := t.ports[c]
	if !ok {
		t.next++
		port = t.next
		t.ports[c] = port
		t.mappings[port] = &mapping{conn: c, wrote: make(map[netip.AddrPort]bool)}
	}
	t.mappings[port].wrote[to] = true
	return netip.AddrPortFrom(t.public, port)
}

// translateIn is the Conn that a datagram to the public port reaches, if any.
func (t *NAT) translateIn(from netip.AddrPort, port uint16) *Conn {
	m := t.mappings[port]
	if m == nil || !m.wrote[from] {
		return nil
	}
	return m.conn
}

func (t *NAT) forget(c *Conn) {
	delete(t.inside, c.at)
	delete(t.mappings, t.ports[c])
	delete(t.ports, c)
}
