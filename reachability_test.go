package kadmium

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/transport/memnet"
)

// A firewall, while it is up, drops datagrams that come from an endpoint to which its
// socket has sent nothing for two minutes, as a stateful firewall does.
type firewall struct {
	*memnet.Conn
	mu   sync.Mutex
	up   bool
	open map[netip.AddrPort]time.Time // when a datagram last passed
}

func (f *firewall) set(up bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.up = up
}

func (f *firewall) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	f.mu.Lock()
	f.open[to] = time.Now()
	f.mu.Unlock()
	return f.Conn.WriteToUDPAddrPort(b, to)
}

func (f *firewall) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		n, from, err := f.Conn.ReadFromUDPAddrPort(b)
		if err != nil || f.passes(from) {
			return n, from, err
		}
	}
}

func (f *firewall) passes(from netip.AddrPort) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.open[from]) < 2*time.Minute {
		f.open[from] = time.Now()
		return true
	}
	return !f.up
}

// behindFirewall makes a node in mode auto whose sockets have firewalls, and returns the
// firewall of the first one.
func behindFirewall(t *testing.T, network *memnet.Network, i int, seeds ...*Node) (*Node, *firewall) {
	t.Helper()
	var first *firewall
	n := start(t, Config{
		Listen: []string{netip.AddrPortFrom(publicIP(i), 4100).String()},
		ListenPacket: func(at netip.AddrPort) (net.PacketConn, error) {
			conn, err := network.Listen(at)
			if err != nil {
				return nil, err
			}
			f := &firewall{Conn: conn, open: make(map[netip.AddrPort]time.Time)}
			if first == nil {
				first = f
			}
			return f, nil
		},
	}, seeds...)
	within(t, 4*time.Hour, "the open node being a server", func() bool { return n.Stats().Serves })
	return n, first
}

// silent makes a server that calls nobody back: it has no second socket.
func silent(t *testing.T, network *memnet.Network, i int, seeds ...*Node) *Node {
	t.Helper()
	conn, err := network.Listen(netip.AddrPortFrom(publicIP(i), 4100))
	if err != nil {
		t.Fatal(err)
	}
	return start(t, Config{Mode: Server, Conns: []net.PacketConn{conn}}, seeds...)
}

// within waits, in the virtual time of a bubble, until the condition holds, and returns
// how long that took.
func within(t *testing.T, limit time.Duration, what string, cond func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !cond() {
		if time.Since(began) >= limit {
			t.Fatalf("%v passed without %s", limit, what)
		}
		time.Sleep(5 * time.Second)
	}
	return time.Since(began)
}

// Mode auto became server; then a firewall drops what is unasked.
func TestServerBehindANewFirewallBecomesAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		servers := []*Node{on(t, network, 1, Config{Mode: Server})}
		for i := 2; i <= 8; i++ {
			servers = append(servers, on(t, network, i, Config{Mode: Server}, servers[0]))
		}
		n, wall := behindFirewall(t, network, 9, servers[0])
		told := false
		events := n.Events(t.Context())
		go func() {
			for e := range events {
				told = told || e.Kind == "mode changed" && e.Mode == "client"
			}
		}()
		wall.set(true)
		busy, quiet := context.WithCancel(t.Context())
		defer quiet()
		go func() { // all look for it, and it for others
			for i := 0; busy.Err() == nil; i++ {
				servers[i%8].FindPeer(busy, n.ID())
				n.FindPeer(busy, servers[i*3%8].ID())
				select {
				case <-busy.Done():
				case <-time.After(time.Minute):
				}
			}
		}()
		took := within(t, 80*time.Minute, "the node being a client", func() bool { return !n.Stats().Serves })
		t.Logf("a client after %v", took)
		quiet()
		synctest.Wait()
		if !told {
			t.Error("no event of it")
		}
		within(t, 5*time.Minute, "all tables being without it", func() bool {
			for _, s := range servers {
				if knows(s, n.ID()) {
					return false
				}
			}
			return true
		})
		if r, err := n.Put(t.Context(), "/v/behind", []byte("x"), PutOptions{}); err != nil || r.SelfHolder {
			t.Errorf("a put: %+v, %v", r, err)
		}
		wall.set(false)
		within(t, 15*time.Minute, "the node being a server again", func() bool { return n.Stats().Serves })
	})
}

// Peers that never call back do not demote a node that others can reach, as long as one
// of three does.
func TestSilentSybilsDemoteNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(2, memnet.Conditions{Latency: 10 * time.Millisecond})
		first := on(t, network, 1, Config{Mode: Server})
		for i := 2; i <= 3; i++ {
			silent(t, network, i, first)
		}
		n, _ := behindFirewall(t, network, 4, first)
		for range 100 {
			time.Sleep(15 * time.Minute)
			if !n.Stats().Serves {
				t.Fatal("two silent peers made it a client")
			}
		}
		if checks := n.Stats().Counters["reachability.confirmed"]; checks < 19 || checks > 30 {
			t.Errorf("%d checks in 25 hours", checks)
		}
	})
}

// Where only silent peers are asked, a first contact that nobody asked for shows that the
// node can be reached.
func TestUnaskedFirstContactKeepsAServer(t *testing.T) {
	for _, met := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			network := memnet.New(3, memnet.Conditions{Latency: 10 * time.Millisecond})
			first := on(t, network, 1, Config{Mode: Server})
			n, _ := behindFirewall(t, network, 2, first)
			for i := 3; i <= 6; i++ {
				silent(t, network, i, first)
			}
			first.Close() // the only one that calls back
			for i := range 120 {
				time.Sleep(time.Minute)
				if met { // a stranger asks and is gone
					conn, err := network.Listen(netip.AddrPortFrom(publicIP(100+i), 4100))
					if err != nil {
						t.Fatal(err)
					}
					s := start(t, Config{Mode: Client, Conns: []net.PacketConn{conn}})
					if _, err := s.Ping(t.Context(), n.Addresses()[0]); err != nil {
						t.Fatal(err)
					}
					s.Close()
				}
			}
			if n.Stats().Serves != met {
				t.Errorf("met by strangers: %v, a server: %v", met, n.Stats().Serves)
			}
		})
	}
}
