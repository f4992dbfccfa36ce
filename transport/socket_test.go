package transport

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"kadmium/rpc"
	"kadmium/transport/memnet"
)

func listenUDP(t testing.TB, network, at string) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(at)))
	if err != nil {
		t.Skipf("no %s socket at %s here: %v", network, at, err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// A datagram sent to one of many local addresses is answered from that address,
// whatever the routing table would pick (RFC 1122, section 4.1.3.5).
func TestReplyLeavesFromTheAddressAsked(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("packet information is known on Linux only")
	}
	for _, c := range []struct{ network, wildcard, client, asked string }{
		{"udp4", "0.0.0.0:0", "127.0.0.1:0", "127.0.0.2"},
		{"udp", "[::]:0", "127.0.0.1:0", "127.0.0.2"},
		{"udp", "[::]:0", "[::1]:0", "::1"},
		{"udp6", "[::]:0", "[::1]:0", "::1"},
	} {
		t.Run(c.network+" "+c.asked, func(t *testing.T) {
			s, err := newSocket(listenUDP(t, c.network, c.wildcard))
			if err != nil {
				t.Fatal(err)
			}
			client := listenUDP(t, "udp", c.client)
			asked := netip.AddrPortFrom(netip.MustParseAddr(c.asked), s.at.Port())
			if _, err := client.WriteToUDPAddrPort([]byte("ask"), asked); err != nil {
				t.Fatal(err)
			}
			var data, control [64]byte
			n, from, local, err := s.read(data[:], control[:])
			if err != nil || string(data[:n]) != "ask" || local != asked.Addr() || from.Addr() != netip.MustParseAddrPort(c.client).Addr() {
				t.Fatalf("read %q from %v to %v, %v", data[:n], from, local, err)
			}
			if err := s.write([]byte("answer"), from, local); err != nil {
				t.Fatal(err)
			}
			client.SetReadDeadline(time.Now().Add(5 * time.Second))
			n, source, err := client.ReadFromUDPAddrPort(data[:])
			if err != nil || string(data[:n]) != "answer" || source != asked {
				t.Fatalf("read %q from %v, %v; asked %v", data[:n], source, err, asked)
			}
		})
	}
}

func TestSocketFamilies(t *testing.T) {
	for _, c := range []struct {
		network, at string
		want        rpc.Families
	}{
		{"udp4", "0.0.0.0:0", rpc.IPv4},
		{"udp4", "127.0.0.1:0", rpc.IPv4},
		{"udp6", "[::]:0", rpc.IPv6},
		{"udp6", "[::1]:0", rpc.IPv6},
		{"udp", "[::]:0", rpc.IPv4 | rpc.IPv6},
	} {
		s, err := newSocket(listenUDP(t, c.network, c.at))
		if err != nil {
			t.Fatal(err)
		}
		if s.families != c.want {
			t.Errorf("%s %s reaches families %b, want %b", c.network, c.at, s.families, c.want)
		}
	}
}

func TestRoutePicksTheSocketThatReaches(t *testing.T) {
	n := memnet.New(1, memnet.Conditions{})
	var sockets []*socket
	for _, at := range []string{"127.0.0.1:1", "192.0.2.1:1", "[2001:db8::1]:1"} {
		conn, err := n.Listen(netip.MustParseAddrPort(at))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		s, err := newSocket(conn)
		if err != nil {
			t.Fatal(err)
		}
		sockets = append(sockets, s)
	}
	for to, want := range map[string]*socket{
		"127.0.0.9:9":       sockets[0],
		"192.0.2.9:9":       sockets[1],
		"[2001:db8::9]:9":   sockets[2],
		"[2001:db8:1::1]:9": sockets[2],
	} {
		if got := route(sockets, netip.MustParseAddrPort(to)); got != want {
			t.Errorf("%s goes by %v, want %v", to, got, want.at)
		}
	}
	if got := route(sockets[:2], netip.MustParseAddrPort("[2001:db8::9]:9")); got != nil {
		t.Errorf("an IPv6 endpoint goes by %v", got.at)
	}
}

// plainConn hides everything but net.PacketConn.
type plainConn struct{ net.PacketConn }

func TestAnyPacketConnWillDo(t *testing.T) {
	a, err := newSocket(plainConn{listenUDP(t, "udp4", "127.0.0.1:0")})
	if err != nil {
		t.Fatal(err)
	}
	b, err := newSocket(plainConn{listenUDP(t, "udp4", "127.0.0.1:0")})
	if err != nil {
		t.Fatal(err)
	}
	if a.bound.Load().fast != nil || a.bound.Load().pktinfo != nil {
		t.Fatal("took a fast path that is not there")
	}
	if err := a.write([]byte("x"), b.at, netip.Addr{}); err != nil {
		t.Fatal(err)
	}
	var data [8]byte
	n, from, _, err := b.read(data[:], nil)
	if err != nil || string(data[:n]) != "x" || from != a.at {
		t.Fatalf("read %q from %v, %v", data[:n], from, err)
	}
	b.bound.Load().conn.Close()
	if _, _, _, err := b.read(data[:], nil); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("read after Close: %v", err)
	}
}

func TestSocketWritesAllocateNothing(t *testing.T) {
	for _, network := range []string{"udp4", "udp"} {
		at := map[string]string{"udp4": "0.0.0.0:0", "udp": "[::]:0"}[network]
		s, err := newSocket(listenUDP(t, network, at))
		if err != nil {
			t.Fatal(err)
		}
		to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), s.at.Port())
		var data [64]byte
		var control [controlSize]byte
		if got := testing.AllocsPerRun(100, func() {
			if err := s.write(data[:], to, to.Addr()); err != nil {
				t.Fatal(err)
			}
			if _, _, _, err := s.read(data[:], control[:]); err != nil {
				t.Fatal(err)
			}
		}); got != 0 {
			t.Errorf("%s: %v allocations a datagram", network, got)
		}
	}
}
