package kadmium

import (
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/transport/memnet"
)

// A deafConn is a socket whose reads fail while deaf is set.
type deafConn struct {
	*memnet.Conn
	deaf *atomic.Bool
}

func (c deafConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	if c.deaf.Load() {
		return 0, netip.AddrPort{}, &net.OpError{Op: "read", Net: "udp", Err: syscall.ENOBUFS}
	}
	n, from, err := c.Conn.ReadFromUDPAddrPort(b)
	if err == nil && c.deaf.Load() {
		err = &net.OpError{Op: "read", Net: "udp", Err: syscall.ENOBUFS}
		n = 0
	}
	return n, from, err
}

// A node whose socket cannot be read for 40 s is there again afterwards; one whose socket
// fails for good says so.
func TestNodeWhoseSocketFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(7, memnet.Conditions{Latency: 10 * time.Millisecond})
		other := on(t, network, 1, Config{Mode: Server})
		var deaf atomic.Bool
		n := start(t, Config{
			Mode: Server, Listen: []string{netip.AddrPortFrom(publicIP(2), 4100).String()},
			ListenPacket: func(at netip.AddrPort) (net.PacketConn, error) {
				conn, err := network.Listen(at)
				return deafConn{conn, &deaf}, err
			},
		}, other)
		deaf.Store(true)
		other.Ping(t.Context(), n.Addresses()[0]) // wakes the read that waits
		time.Sleep(5 * time.Second)
		wantReady(t, n, false, "cannot be read")
		if err := n.Health(); !errors.Is(err, syscall.ENOBUFS) || n.Stats().Gauges["sockets.failing"] != 1 {
			t.Errorf("Health: %v", err)
		}
		time.Sleep(35 * time.Second)
		deaf.Store(false)
		time.Sleep(2 * time.Second)
		if _, err := other.Ping(t.Context(), n.Addresses()[0]); err != nil || n.Err() != nil {
			t.Errorf("after a while without reads: %v, %v", err, n.Err())
		}
		time.Sleep(15 * time.Second) // it asked in vain a moment before, and asks again after so long
		wantReady(t, n, true, "a peer answered")
		if err := n.Health(); err != nil || n.Stats().Gauges["sockets.failing"] != 0 {
			t.Errorf("Health: %v", err)
		}
		deaf.Store(true)
		other.Ping(t.Context(), n.Addresses()[0])
		select {
		case <-n.Failed():
		case <-time.After(2 * time.Minute):
			t.Fatal("the node does not say that its socket has failed")
		}
		if err := n.Err(); !errors.Is(err, ErrSocket) || !errors.Is(err, syscall.ENOBUFS) {
			t.Errorf("Err: %v", err)
		}
		wantReady(t, n, false, ErrSocket.Error())
	})
}
