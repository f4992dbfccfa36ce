package main

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"kadmium"
	"kadmium/internal/cli"
	"kadmium/transport/memnet"
)

// A deafConn is a socket that cannot be read.
type deafConn struct{ *memnet.Conn }

func (deafConn) ReadFromUDPAddrPort([]byte) (int, netip.AddrPort, error) {
	return 0, netip.AddrPort{}, &net.OpError{Op: "read", Net: "udp", Err: syscall.ENOBUFS}
}

// A node whose socket cannot be read for a minute, bound anew or not, ends with 1, and says
// why and what to do.
func TestNodeEndsWhenItsSocketHasFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{})
		n, err := kadmium.New(kadmium.Config{
			Listen: []string{"20.0.0.1:4100"},
			ListenPacket: func(at netip.AddrPort) (net.PacketConn, error) {
				conn, err := network.Listen(at)
				return deafConn{conn}, err
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		began := time.Now()
		err = new(app).untilEnd(t.Context(), nodeGroup{n}, slog.New(slog.DiscardHandler), nil)
		if took := time.Since(began); took < time.Minute || took > 65*time.Second {
			t.Errorf("it ended after %s", took)
		}
		if !errors.Is(err, kadmium.ErrSocket) || exitCode(err) != cli.ExitNotDone || asFailure(err).Next == "" {
			t.Errorf("it ended with %v, exit code %d", err, exitCode(err))
		}
		if _, err := n.Put(t.Context(), "/v/x", nil, kadmium.PutOptions{}); !errors.Is(err, kadmium.ErrClosed) {
			t.Errorf("a put afterwards: %v", err)
		}
	})
}
