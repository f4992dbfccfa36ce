package kadmium_test

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"kadmium/transport/memnet"
)

// A faultConn is a socket of one life of a host.
type faultConn struct {
	host *faultHost
	life int

	mu     sync.Mutex
	conn   *memnet.Conn                 // another one once the host has moved
	passed map[netip.AddrPort]time.Time // when a datagram was last sent to, or taken from, an endpoint
}

func (h *faultHost) listen(at netip.AddrPort, life int) (net.PacketConn, error) {
	conn, err := h.w.network.Listen(at)
	if err != nil {
		return nil, err
	}
	c := &faultConn{host: h, life: life, conn: conn, passed: make(map[netip.AddrPort]time.Time)}
	if at == h.address() {
		h.mu.Lock()
		h.conn = c
		h.mu.Unlock()
	}
	return c, nil
}

func (c *faultConn) now() *memnet.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn
}

func (c *faultConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		conn := c.now()
		n, from, err := conn.ReadFromUDPAddrPort(b)
		if errors.Is(err, net.ErrClosed) && conn != c.now() {
			continue
		}
		if err != nil || c.host.receives(c.life) && c.passes(from) {
			return n, from, err
		}
	}
}

// holeLife is for how long a firewall lets datagrams in from where one was sent to.
const holeLife = 2 * time.Minute

// passes says whether a firewall lets a datagram in: it drops what nobody asked for.
func (c *faultConn) passes(from netip.AddrPort) bool {
	c.host.mu.Lock()
	up := c.host.firewall
	c.host.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if last, ok := c.passed[from]; ok && time.Since(last) < holeLife {
		c.passed[from] = time.Now()
		return true
	}
	return !up
}

func (c *faultConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.ReadFromUDPAddrPort(b)
	return n, net.UDPAddrFromAddrPort(from), err
}

func (c *faultConn) WriteTo(b []byte, to net.Addr) (int, error) {
	return c.WriteToUDPAddrPort(b, to.(*net.UDPAddr).AddrPort())
}

func (c *faultConn) LocalAddr() net.Addr                { return c.now().LocalAddr() }
func (c *faultConn) Close() error                       { return c.now().Close() }
func (c *faultConn) SetDeadline(t time.Time) error      { return c.now().SetDeadline(t) }
func (c *faultConn) SetReadDeadline(t time.Time) error  { return c.now().SetReadDeadline(t) }
func (c *faultConn) SetWriteDeadline(t time.Time) error { return c.now().SetWriteDeadline(t) }

// draw is for what happens to the sends to an endpoint: the order of those to several is open.
// h.mu is held.
func (h *faultHost) draw(to netip.AddrPort) *rand.Rand {
	if h.rnd[to] == nil {
		h.rnd[to] = rand.New(rand.NewPCG(h.w.plan.seed, uint64(1000*h.index+1000000*hostOf(to.Addr()))+uint64(to.Port())))
	}
	return h.rnd[to]
}

// address is where the host is now.
func (h *faultHost) address() netip.AddrPort {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

// move gives the host another address, in another subnet.
func (h *faultHost) move() {
	h.mu.Lock()
	defer h.mu.Unlock()
	ip := h.at.Addr().As4()
	ip[1]++
	h.at, h.moved = netip.AddrPortFrom(netip.AddrFrom4(ip), h.at.Port()), h.w.now()
	if !h.up {
		return
	}
	conn, err := h.w.network.Listen(h.at)
	if err != nil {
		panic(err)
	}
	h.conn.mu.Lock()
	old := h.conn.conn
	h.conn.conn = conn
	h.conn.mu.Unlock()
	old.Close()
}

// wall puts a firewall before the host, or takes it away.
func (h *faultHost) wall(up bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.firewall = up
	h.wasOpen = h.wasOpen || !up
}

// moment is a time that is another one for each host.
func (h *faultHost) moment() time.Duration {
	return time.Microsecond + 100*time.Duration(h.index)
}

// receives says whether a datagram that arrived is read. It takes a moment, so that the node
// has done with one datagram before it reads the next; while the process is stopped it waits.
func (h *faultHost) receives(life int) bool {
	h.mu.Lock()
	for h.stopped != nil {
		goesOn := h.stopped
		h.mu.Unlock()
		<-goesOn
		h.mu.Lock()
	}
	h.mu.Unlock()
	h.w.moments.sleep(h.moment())
	h.enter()
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.up && h.life == life && !h.asleep
}

func (c *faultConn) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	h := c.host
	h.mu.Lock()
	h.powerFails()
	lost := !h.up || h.life != c.life || h.asleep || h.stopped != nil
	refused := !lost && h.refused > 0 && h.draw(to).Float64() < h.refused
	h.mu.Unlock()
	switch {
	case lost:
		return len(b), nil
	case refused:
		return 0, &net.OpError{Op: "write", Net: "udp", Err: os.NewSyscallError("sendto", syscall.ENOBUFS)}
	}
	c.mu.Lock()
	c.passed[to] = time.Now()
	conn := c.conn
	c.mu.Unlock()
	return conn.WriteToUDPAddrPort(b, to)
}
