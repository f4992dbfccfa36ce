package memnet

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// A Conn is one socket of the network, a net.PacketConn that also speaks
// netip.AddrPort as a *net.UDPConn does.
type Conn struct {
	net *Network
	nat *NAT // nil on the public side
	at  netip.AddrPort

	mu       sync.Mutex
	queue    []*packet
	closed   bool
	ready    chan struct{} // holds a token while queue may be non-empty
	done     chan struct{} // closed by Close
	deadline time.Time
	moved    chan struct{} // closed when the deadline changes
}

func newConn(n *Network, at netip.AddrPort) *Conn {
	return &Conn{net: n, at: at, ready: make(chan struct{}, 1), done: make(chan struct{}), moved: make(chan struct{})}
}

// push queues a packet that arrived; it is called with the network locked.
func (c *Conn) push(p *packet) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || len(c.queue) >= maxQueue {
		return false
	}
	c.queue = append(c.queue, p)
	c.signal()
	return true
}

func (c *Conn) signal() {
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

func (c *Conn) pop() (*packet, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		return nil, false
	}
	p := c.queue[0]
	c.queue = c.queue[1:]
	if len(c.queue) > 0 {
		c.signal()
	}
	return p, true
}

// ReadFromUDPAddrPort waits for a datagram; what does not fit into b is cut off.
// Its error is net.ErrClosed after Close, os.ErrDeadlineExceeded at the deadline.
func (c *Conn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		c.mu.Lock()
		deadline, moved := c.deadline, c.moved
		c.mu.Unlock()
		var expired <-chan time.Time
		if !deadline.IsZero() {
			left := time.Until(deadline)
			if left <= 0 {
				return 0, netip.AddrPort{}, c.failed("read", os.ErrDeadlineExceeded)
			}
			timer := time.NewTimer(left)
			defer timer.Stop()
			expired = timer.C
		}
		select {
		case <-c.done:
			return 0, netip.AddrPort{}, c.failed("read", net.ErrClosed)
		case <-expired:
		case <-moved:
		case <-c.ready:
			if p, ok := c.pop(); ok {
				return copy(b, p.data), p.from, nil
			}
		}
	}
}

// WriteToUDPAddrPort sends a datagram. Loss is no error.
func (c *Conn) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	if closed {
		return 0, c.failed("write", net.ErrClosed)
	}
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	from := c.at
	if c.nat != nil {
		from = c.nat.translateOut(c, to)
	}
	c.net.send(from, to, b)
	return len(b), nil
}

// ReadFrom is ReadFromUDPAddrPort with a *net.UDPAddr.
func (c *Conn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.ReadFromUDPAddrPort(b)
	if err != nil {
		return 0, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// WriteTo is WriteToUDPAddrPort; the address must be a *net.UDPAddr.
func (c *Conn) WriteTo(b []byte, to net.Addr) (int, error) {
	udp, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, c.failed("write", net.InvalidAddrError("not a UDP address"))
	}
	return c.WriteToUDPAddrPort(b, udp.AddrPort())
}

// LocalAddr is the Conn's own address, a *net.UDPAddr; behind a NAT the private one.
func (c *Conn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(c.at) }

// AddrPort is LocalAddr as a netip.AddrPort.
func (c *Conn) AddrPort() netip.AddrPort { return c.at }

// Close frees the address and ends reads; what was queued is lost. It may be
// called again.
func (c *Conn) Close() error {
	c.mu.Lock()
	already := c.closed
	c.closed = true
	c.queue = nil
	c.mu.Unlock()
	if already {
		return nil
	}
	close(c.done)
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	if c.nat != nil {
		c.nat.forget(c)
		return nil
	}
	delete(c.net.conns, c.at)
	return nil
}

// SetDeadline is SetReadDeadline: writes never wait.
func (c *Conn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetWriteDeadline does nothing: writes never wait.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }

// SetReadDeadline ends reads at t, also those under way; zero means never.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	close(c.moved)
	c.moved = make(chan struct{})
	return nil
}

func (c *Conn) failed(op string, err error) error {
	return &net.OpError{Op: op, Net: "memnet", Addr: c.LocalAddr(), Err: err}
}
