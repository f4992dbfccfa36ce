package link

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/net/ipv4"
)

// Packets is a UDP socket on a link. It has all methods by which kadmium's transport and
// quic-go read and write sockets fast, so that it does not slow down one more than the
// other. quic-go keeps segmentation offload, ECN marks and batched reads. kadmium reads and
// writes without allocation, but loses its batches, for which it needs a *net.UDPConn.
type Packets struct {
	link  *Link
	conn  *net.UDPConn
	batch *ipv4.PacketConn
	queue *queue // nil without a delay
}

func newPackets(l *Link, conn *net.UDPConn) *Packets {
	p := &Packets{link: l, conn: conn, batch: ipv4.NewPacketConn(conn)}
	if l.delay > 0 {
		p.queue = newQueue(l.delay)
	}
	return p
}

// ReadFromUDPAddrPort is like that of net.UDPConn.
func (p *Packets) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		n, from, err := p.conn.ReadFromUDPAddrPort(b)
		if err != nil || !p.link.cut.Load() {
			p.link.received(n)
			return n, from, err
		}
	}
}

// ReadFrom is like that of net.UDPConn.
func (p *Packets) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := p.ReadFromUDPAddrPort(b)
	if err != nil {
		return n, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// ReadMsgUDP is like that of net.UDPConn.
func (p *Packets) ReadMsgUDP(b, oob []byte) (n, oobn, flags int, from *net.UDPAddr, err error) {
	for {
		n, oobn, flags, from, err = p.conn.ReadMsgUDP(b, oob)
		if err != nil || !p.link.cut.Load() {
			p.link.received(n)
			return n, oobn, flags, from, err
		}
	}
}

// ReadBatch is like that of ipv4.PacketConn. quic-go uses it if it exists.
func (p *Packets) ReadBatch(messages []ipv4.Message, flags int) (int, error) {
	for {
		n, err := p.batch.ReadBatch(messages, flags)
		if err == nil && p.link.cut.Load() {
			continue
		}
		for i := range max(n, 0) {
			p.link.received(messages[i].N)
		}
		return n, err
	}
}

// WriteToUDPAddrPort is like that of net.UDPConn.
func (p *Packets) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	if p.link.cut.Load() {
		return len(b), nil
	}
	if p.queue == nil {
		p.link.sent(len(b))
		return p.conn.WriteToUDPAddrPort(b, to)
	}
	held := append([]byte(nil), b...)
	return len(b), p.hold(len(b), func() { p.conn.WriteToUDPAddrPort(held, to) })
}

// WriteTo is like that of net.UDPConn.
func (p *Packets) WriteTo(b []byte, to net.Addr) (int, error) {
	udp, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, &net.OpError{Op: "write", Net: "udp", Addr: to, Err: net.InvalidAddrError("no UDP address")}
	}
	return p.WriteToUDPAddrPort(b, udp.AddrPort())
}

// WriteMsgUDP is like that of net.UDPConn. One call may contain several packets of equal
// size, which the system segments.
func (p *Packets) WriteMsgUDP(b, oob []byte, to *net.UDPAddr) (n, oobn int, err error) {
	if p.link.cut.Load() {
		return len(b), len(oob), nil
	}
	if p.queue == nil {
		p.link.sent(len(b))
		return p.conn.WriteMsgUDP(b, oob, to)
	}
	held, control := append([]byte(nil), b...), append([]byte(nil), oob...)
	return len(b), len(oob), p.hold(len(b), func() { p.conn.WriteMsgUDP(held, control, to) })
}

// hold sends n bytes after the delay. If the queue is full they are dropped and not counted
// as sent. Its error is that of a closed socket.
func (p *Packets) hold(n int, send func()) error {
	switch err := p.queue.add(send); {
	case errors.Is(err, errOverflow):
		p.link.overflowed.Add(1)
	case err != nil:
		return err
	default:
		p.link.sent(n)
	}
	return nil
}

// Close closes the socket after the delayed packets have been sent, as they would have been
// without a delay: libp2p tells its peers that it closes.
func (p *Packets) Close() error {
	if p.queue == nil {
		return p.conn.Close()
	}
	return p.queue.end(p.conn.Close)
}

// SyscallConn is that of the socket.
func (p *Packets) SyscallConn() (syscall.RawConn, error) { return p.conn.SyscallConn() }

// SetReadBuffer sets that of the socket.
func (p *Packets) SetReadBuffer(bytes int) error { return p.conn.SetReadBuffer(bytes) }

// SetWriteBuffer sets that of the socket.
func (p *Packets) SetWriteBuffer(bytes int) error { return p.conn.SetWriteBuffer(bytes) }

// LocalAddr is that of the socket.
func (p *Packets) LocalAddr() net.Addr { return p.conn.LocalAddr() }

// SetDeadline sets that of the socket.
func (p *Packets) SetDeadline(t time.Time) error { return p.conn.SetDeadline(t) }

// SetReadDeadline sets that of the socket.
func (p *Packets) SetReadDeadline(t time.Time) error { return p.conn.SetReadDeadline(t) }

// SetWriteDeadline sets that of the socket.
func (p *Packets) SetWriteDeadline(t time.Time) error { return p.conn.SetWriteDeadline(t) }
