package transport

import (
	"net"
	"sync/atomic"
	"testing"
)

// An oddConn is a Conn that never waits.
type oddConn struct {
	read  func() (int, net.Addr, error)
	reads atomic.Int64
	many  chan struct{} // closed at the thousandth read
}

type oddPacketConn struct {
	net.PacketConn
	*oddConn
}

func (c oddPacketConn) ReadFrom([]byte) (int, net.Addr, error) {
	if c.reads.Add(1) == 1000 {
		close(c.many)
	}
	return c.read()
}

func odd(t *testing.T, read func() (int, net.Addr, error), change ...func(*Config, *limits)) (oddPacketConn, *peer) {
	c := oddPacketConn{listenUDP(t, "udp4", "127.0.0.1:0"), &oddConn{read: read, many: make(chan struct{})}}
	return c, startPeer(t, 1, c, change...)
}

// A Conn that does not end by being closed does not keep Close waiting.
func TestEndlessConnEndsWithTheTransport(t *testing.T) {
	c, p := odd(t, func() (int, net.Addr, error) { return 0, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}, nil })
	<-c.many
	if err := p.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}
