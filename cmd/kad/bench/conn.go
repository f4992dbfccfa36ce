package bench

import (
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

// receiveBuffer is the size that a node requests for sockets that it makes itself, in
// bytes.
const receiveBuffer = 1 << 20

// A traffic counts bytes of UDP payload.
type traffic struct{ sent, received atomic.Uint64 }

func (t *traffic) both() uint64 { return t.sent.Load() + t.received.Load() }

// counts makes sockets that count of those that open makes.
func (t *traffic) counts(open func(at netip.AddrPort) (net.PacketConn, error)) func(at netip.AddrPort) (net.PacketConn, error) {
	return func(at netip.AddrPort) (net.PacketConn, error) {
		c, err := open(at)
		if err != nil {
			return nil, err
		}
		return &conn{c.(datagrams), t}, nil
	}
}

// openUDP makes the sockets that a node would make itself.
func openUDP(at netip.AddrPort) (net.PacketConn, error) {
	network := "udp6" // [::] is IPv6 only
	if at.Addr().Is4() {
		network = "udp4"
	}
	udp, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, err
	}
	_ = udp.SetReadBuffer(receiveBuffer) // if it is refused, more is lost under load
	return udp, nil
}

// datagrams are the methods of sockets that nodes use.
type datagrams interface {
	net.PacketConn
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error)
}

// A conn is a UDP socket that counts. It does not embed the socket, whose promoted methods
// would not count.
type conn struct {
	udp     datagrams
	traffic *traffic
}

func (c *conn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	n, from, err := c.udp.ReadFromUDPAddrPort(b)
	c.traffic.received.Add(uint64(n))
	return n, from, err
}

func (c *conn) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	n, err := c.udp.WriteToUDPAddrPort(b, to)
	c.traffic.sent.Add(uint64(n))
	return n, err
}

func (c *conn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.udp.ReadFrom(b)
	c.traffic.received.Add(uint64(n))
	return n, from, err
}

func (c *conn) WriteTo(b []byte, to net.Addr) (int, error) {
	n, err := c.udp.WriteTo(b, to)
	c.traffic.sent.Add(uint64(n))
	return n, err
}

func (c *conn) Close() error                       { return c.udp.Close() }
func (c *conn) LocalAddr() net.Addr                { return c.udp.LocalAddr() }
func (c *conn) SetDeadline(t time.Time) error      { return c.udp.SetDeadline(t) }
func (c *conn) SetReadDeadline(t time.Time) error  { return c.udp.SetReadDeadline(t) }
func (c *conn) SetWriteDeadline(t time.Time) error { return c.udp.SetWriteDeadline(t) }
