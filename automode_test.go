package kadmium

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/transport/memnet"
)

// seedList names the hosts from and to, and those between.
func seedList(from, to int) (seeds []string) {
	for i := from; i <= to; i++ {
		seeds = append(seeds, netip.AddrPortFrom(publicIP(i), 4100).String())
	}
	return seeds
}

// autoNode makes a node in mode auto, and does not wait for its join. Wall, if it is not nil,
// is between it and the others.
func autoNode(t *testing.T, network *memnet.Network, i int, wall func(*memnet.Conn) net.PacketConn, cfg Config) *Node {
	t.Helper()
	cfg.Listen = seedList(i, i)
	cfg.ListenPacket = func(at netip.AddrPort) (net.PacketConn, error) {
		conn, err := network.Listen(at)
		if err != nil || wall == nil {
			return conn, err
		}
		return wall(conn), nil
	}
	n, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// closed is a firewall that is up from the start.
func closed(conn *memnet.Conn) net.PacketConn {
	return &firewall{Conn: conn, up: true, open: make(map[netip.AddrPort]time.Time)}
}

// whole reports whether all are servers and know each other.
func whole(nodes []*Node) bool {
	for _, n := range nodes {
		if !n.Stats().Serves || len(n.Peers()) != len(nodes)-1 {
			return false
		}
	}
	return true
}

// Nodes whose modes are all auto, and whose lists of bootstrap peers are the same and name
// each of them too, form a network.
func TestAutoNodesFormANetwork(t *testing.T) {
	for _, count := range []int{2, 3, 12} {
		for _, apart := range []time.Duration{0, 3 * time.Second, time.Minute} {
			t.Run(fmt.Sprintf("%d, %v apart", count, apart), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
					var nodes []*Node
					for i := 1; i <= count; i++ {
						nodes = append(nodes, autoNode(t, network, i, nil, Config{Bootstrap: seedList(1, count)}))
						time.Sleep(apart)
					}
					took := within(t, time.Minute, "the network being whole", func() bool { return whole(nodes) })
					t.Logf("whole after %v", took)
					if _, err := nodes[0].Put(t.Context(), "/v/auto", []byte("x"), PutOptions{}); err != nil {
						t.Fatal(err)
					}
					if _, err := nodes[count-1].Get(t.Context(), "/v/auto", GetOptions{}); err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}

// A node whose list names only itself is the first of its network.
func TestFirstNodeNamesItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		nodes := []*Node{autoNode(t, network, 1, nil, Config{Bootstrap: seedList(1, 1)})}
		if err := nodes[0].Joined(t.Context()); err != nil {
			t.Errorf("Joined: %v", err)
		}
		if _, err := nodes[0].Put(t.Context(), "/v/first", []byte("x"), PutOptions{}); err != nil || !nodes[0].Stats().Serves {
			t.Errorf("a put: %v", err)
		}
		for i := 2; i <= 3; i++ {
			nodes = append(nodes, autoNode(t, network, i, nil, Config{Bootstrap: seedList(1, 3)}))
		}
		within(t, 30*time.Second, "the network being whole", func() bool { return whole(nodes) })
	})
}

// Of two nodes of which a firewall guards one, only the other becomes a server: what the
// guarded one sends out, a dial back too, passes.
func TestAutoNodeBehindAFirewallStaysAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		guarded := autoNode(t, network, 1, closed, Config{Bootstrap: seedList(1, 2)})
		open := autoNode(t, network, 2, nil, Config{Bootstrap: seedList(1, 2)})
		within(t, 30*time.Second, "the open node being a server", func() bool { return open.Stats().Serves })
		within(t, 30*time.Second, "the other knowing it", func() bool { return knows(guarded, open.ID()) })
		time.Sleep(30 * time.Minute)
		if guarded.Stats().Serves || knows(open, guarded.ID()) {
			t.Error("the guarded node is a server")
		}
	})
}

// lines is a log to look into.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) count(s string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), s)
}

// Bootstrap peers that answer, and that are all clients, make nobody a server that is not
// called back. The node says what is wrong.
func TestAllBootstrapPeersAreClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		for i := 1; i <= 2; i++ {
			conn, err := network.Listen(netip.AddrPortFrom(publicIP(i), 4100))
			if err != nil {
				t.Fatal(err)
			}
			start(t, Config{Mode: Client, Conns: []net.PacketConn{conn}})
		}
		var log lines
		n := autoNode(t, network, 3, closed, Config{Bootstrap: seedList(1, 3), Logger: slog.New(slog.NewTextHandler(&log, nil))})
		time.Sleep(time.Hour)
		if n.Stats().Serves {
			t.Error("two silent peers made it a server")
		}
		if said := log.count("all peers that answer are clients"); said != 1 {
			t.Errorf("said %d times", said)
		}
		_, err := n.Put(t.Context(), "/v/k", []byte("x"), PutOptions{})
		if _, getErr := n.Get(t.Context(), "/v/k2", GetOptions{}); !errors.Is(getErr, ErrOnlyClients) || !errors.Is(getErr, ErrNoPeers) {
			t.Errorf("a get: %v", getErr)
		}
		if !errors.Is(err, ErrOnlyClients) {
			t.Errorf("a put: %v", err)
		}
	})
}
