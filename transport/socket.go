package transport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"

	"kadmium/rpc"
)

// receiveBuffer is the receive buffer that each UDP socket asks the system for, in
// bytes: the usual one does not hold the answers to 256 requests in flight. The system
// may grant less.
const receiveBuffer = 1 << 20

// An addrPortConn reads and writes without allocation; *net.UDPConn and memnet.Conn are
// such.
type addrPortConn interface {
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error)
}

// A socket is one of the transport's Conns, or what was bound in its place. Its read loop
// alone replaces the binding, and only between batches.
type socket struct {
	at       netip.AddrPort
	families rpc.Families
	bound    atomic.Pointer[binding]
	failure  atomic.Pointer[readFailure] // nil: none yet
	out      outbox
}

// A binding is the Conn of a socket and how it is used. It does not change.
type binding struct {
	conn      net.PacketConn
	fast      addrPortConn    // nil if conn is only a net.PacketConn
	pktinfo   *net.UDPConn    // conn, if replies must name their source: see pktinfo_linux.go; otherwise nil
	batchConn syscall.RawConn // nil if conn cannot move batches
	ipv6      bool            // batchConn takes IPv6 socket addresses
}

func newSocket(conn net.PacketConn) (*socket, error) {
	addr, ok := conn.LocalAddr().(*net.UDPAddr)
	if !ok {
		return nil, fmt.Errorf("%w: %v is no UDP socket", ErrBadConfig, conn.LocalAddr())
	}
	at := addr.AddrPort()
	s := &socket{at: netip.AddrPortFrom(at.Addr().Unmap(), at.Port())}
	b := &binding{conn: conn}
	s.bound.Store(b)
	b.fast, _ = conn.(addrPortConn)
	s.families = rpc.IPv6
	if s.at.Addr().Is4() {
		s.families = rpc.IPv4
	}
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return s, nil
	}
	_ = udp.SetReadBuffer(receiveBuffer) // without it only more is lost under load
	var err error
	if b.batchConn, b.ipv6, err = batching(udp); err != nil {
		return nil, fmt.Errorf("preparing socket %v: %w", s.at, err)
	}
	if !s.at.Addr().IsUnspecified() {
		return s, nil
	}
	var dual, enabled bool
	dual, enabled, err = enablePacketInfo(udp, s.at.Addr().Is4())
	if err != nil {
		return nil, fmt.Errorf("preparing socket %v: %w", s.at, err)
	}
	if dual {
		s.families = rpc.IPv4 | rpc.IPv6
	}
	if enabled {
		b.pktinfo = udp
	}
	return s, nil
}

var errNoSource = errors.New("datagram from nowhere")

// read waits for one datagram. local is the address it was sent to, if the socket can
// tell that and might otherwise answer from another one.
func (s *socket) read(b, oob []byte) (n int, from netip.AddrPort, local netip.Addr, err error) {
	bound := s.bound.Load()
	switch {
	case bound.pktinfo != nil:
		var control int
		n, control, _, from, err = bound.pktinfo.ReadMsgUDPAddrPort(b, oob)
		if err == nil {
			local = parseLocal(oob[:control])
		}
	case bound.fast != nil:
		n, from, err = bound.fast.ReadFromUDPAddrPort(b)
	default:
		var addr net.Addr
		if n, addr, err = bound.conn.ReadFrom(b); err == nil {
			udp, ok := addr.(*net.UDPAddr)
			if !ok {
				return 0, from, local, fmt.Errorf("datagram from %v: no UDP address", addr)
			}
			from = udp.AddrPort()
		}
	}
	if err == nil && !from.IsValid() {
		return 0, from, local, errNoSource
	}
	return n, netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), local, err
}

// write sends one datagram, from local if that is known.
func (s *socket) write(b []byte, to netip.AddrPort, local netip.Addr) error {
	bound := s.bound.Load()
	var err error
	switch {
	case bound.pktinfo != nil && local.IsValid():
		var space [controlSize]byte
		_, _, err = bound.pktinfo.WriteMsgUDPAddrPort(b, appendLocal(space[:0], local, s.families), to)
	case bound.fast != nil:
		_, err = bound.fast.WriteToUDPAddrPort(b, to)
	default:
		_, err = bound.conn.WriteTo(b, net.UDPAddrFromAddrPort(to))
	}
	return err
}

// suits ranks the socket for an endpoint: 0 cannot reach it, 1 may, 2 does. A socket
// bound to a loopback address reaches only loopback addresses, and one bound to another
// address only other ones.
func (s *socket) suits(to netip.AddrPort) int {
	if !s.families.Has(to.Addr()) {
		return 0
	}
	if s.at.Addr().IsUnspecified() || s.at.Addr().IsLoopback() == to.Addr().IsLoopback() {
		return 2
	}
	return 1
}

// route is the socket that an endpoint is reached by, nil if there is none.
func route(sockets []*socket, to netip.AddrPort) *socket {
	var best *socket
	rank := 0
	for _, s := range sockets {
		if r := s.suits(to); r > rank {
			best, rank = s, r
		}
	}
	return best
}
