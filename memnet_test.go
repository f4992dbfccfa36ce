package kadmium

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/identity"
	"kadmium/transport/memnet"
)

// nowhere is an address of memnet's where nobody lives.
var nowhere = identity.Address{Endpoint: netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, 9}), 4100)}

func knows(n *Node, id identity.ID) bool {
	return slices.ContainsFunc(n.Peers(), func(p PeerInfo) bool { return p.InTable && p.ID == id })
}

func TestJoinedWhenTheSeedIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		conn, err := network.Listen(netip.AddrPortFrom(publicIP(1), 4100))
		if err != nil {
			t.Fatal(err)
		}
		n, err := New(Config{Conns: []net.PacketConn{conn}, Bootstrap: []string{nowhere.String()}})
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		if err := n.Joined(t.Context()); !errors.Is(err, ErrNoAnswer) {
			t.Errorf("Joined: %v", err)
		}
		other := on(t, network, 2, Config{Mode: Server})
		if _, err := n.Bootstrap(t.Context(), other.Addresses()[0].String()); err != nil {
			t.Errorf("Bootstrap: %v", err)
		}
		if !knows(n, other.ID()) {
			t.Errorf("Peers: %v", n.Peers())
		}
	})
}

// The engine goes on trying the bootstrap list while it is alone.
func TestLateSeedIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		conn, _ := network.Listen(netip.AddrPortFrom(publicIP(1), 4100))
		late := netip.AddrPortFrom(publicIP(2), 4100)
		n, err := New(Config{Conns: []net.PacketConn{conn}, Bootstrap: []string{late.String()}})
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		if err := n.Joined(t.Context()); !errors.Is(err, ErrNoAnswer) {
			t.Fatalf("Joined: %v", err)
		}
		seed := on(t, network, 2, Config{Mode: Server})
		time.Sleep(2 * time.Minute)
		if !knows(n, seed.ID()) {
			t.Errorf("two minutes later its peers are %v", n.Peers())
		}
	})
}

// Every operation ends with its context, whichever peer is silent.
func TestContextEndsEachOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		one := on(t, network, 1, Config{Mode: Server})
		two := on(t, network, 2, Config{Mode: Server}, one)
		network.Partition(func(from, to netip.Addr) bool { return true })
		target, peer := two.ID().Position(), identity.Address{ID: one.ID()}
		operations := map[string]func(context.Context) error{
			"Bootstrap": func(ctx context.Context) error { _, err := two.Bootstrap(ctx, nowhere.String()); return err },
			"Ping":      func(ctx context.Context) error { _, err := two.Ping(ctx, nowhere); return err },
			"FindPeer":  func(ctx context.Context) error { _, err := two.FindPeer(ctx, one.ID()); return err },
			"Closest":   func(ctx context.Context) error { _, err := two.Closest(ctx, target); return err },
			"Put":       func(ctx context.Context) error { _, err := two.Put(ctx, "/v/k", nil, PutOptions{}); return err },
			"Get":       func(ctx context.Context) error { _, err := two.Get(ctx, "/v/k", GetOptions{}); return err },
			"Provide":   func(ctx context.Context) error { _, err := two.Provide(ctx, "k"); return err },
			"Send":      func(ctx context.Context) error { _, err := two.Send(ctx, peer, "p", nil); return err },
			"Watch": func(ctx context.Context) (last error) {
				for _, err := range two.Watch(ctx, "/v/k") {
					last = err
				}
				return last
			},
			"Providers": func(ctx context.Context) (last error) {
				for _, err := range two.Providers(ctx, "k", ProvidersOptions{}) {
					last = err
				}
				return last
			},
		}
		for name, do := range operations {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			began := time.Now()
			if err := do(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(began); took != 100*time.Millisecond {
				t.Errorf("%s took %v", name, took)
			}
			cancel()
			if err := do(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 100*time.Millisecond {
				t.Errorf("%s with an ended context: %v", name, err)
			}
		}
		if left := two.Stats().Gauges["operations"]; left != 0 {
			t.Errorf("%d operations are left", left)
		}
	})
}

// Without a deadline of the caller's, operations still end.
func TestSilenceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		one := on(t, network, 1, Config{Mode: Server})
		two := on(t, network, 2, Config{Mode: Server}, one)
		network.Partition(func(from, to netip.Addr) bool { return true })
		if _, err := two.Get(t.Context(), "/v/k", GetOptions{}); !errors.Is(err, ErrNoAnswer) {
			t.Errorf("Get: %v", err)
		}
		if _, err := two.Ping(t.Context(), nowhere); !errors.Is(err, ErrNoAnswer) {
			t.Errorf("Ping: %v", err)
		}
		if _, err := two.FindPeer(t.Context(), identity.ID{1}); !errors.Is(err, ErrNoAnswer) {
			t.Errorf("FindPeer: %v", err)
		}
	})
}

// Mode auto: a node that any peer can reach becomes a server, one behind a NAT
// stays a client and is in nobody's table.
func TestAutoModeAsksForADialBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		server := on(t, network, 1, Config{Mode: Server})
		open := on(t, network, 2, Config{}, server)
		if open.Stats().Serves {
			t.Error("a server before anybody dialed back")
		}
		nat, err := network.NAT(publicIP(3))
		if err != nil {
			t.Fatal(err)
		}
		conn, err := nat.Listen(netip.MustParseAddrPort("10.0.0.2:4100"))
		if err != nil {
			t.Fatal(err)
		}
		hidden := start(t, Config{Conns: []net.PacketConn{conn}}, server)
		time.Sleep(time.Minute)
		if !open.Stats().Serves || !knows(server, open.ID()) {
			t.Errorf("the open node: serves %v, known %v", open.Stats().Serves, knows(server, open.ID()))
		}
		if hidden.Stats().Serves || knows(server, hidden.ID()) {
			t.Errorf("the hidden node: serves %v, known %v", hidden.Stats().Serves, knows(server, hidden.ID()))
		}
		if calls := server.Stats().Counters["calls_back"]; calls == 0 {
			t.Error("nobody was called back")
		}
		if _, err := hidden.FindPeer(t.Context(), open.ID()); err != nil {
			t.Errorf("FindPeer from behind the NAT: %v", err)
		}
	})
}

// A message is not sent again once its sender has gone: what its buffer holds by
// then goes nowhere.
func TestCancelledSendIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		one := on(t, network, 1, Config{Mode: Server})
		two := on(t, network, 2, Config{Mode: Server}, one)
		var got []string
		one.Handle("p", func(_ context.Context, m Message) ([]byte, error) {
			got = append(got, string(m.Payload))
			return nil, nil
		})
		network.Partition(func(from, to netip.Addr) bool { return true })
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		payload := []byte("meant")
		if _, err := two.Send(ctx, one.Addresses()[0], "p", payload); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		copy(payload, "other")
		network.Partition(nil)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if len(got) > 0 {
			t.Errorf("delivered: %q", got)
		}
		if _, err := two.Send(t.Context(), one.Addresses()[0], "p", payload); err != nil || !slices.Equal(got, []string{"other"}) {
			t.Errorf("the next one: %v, delivered %q", err, got)
		}
	})
}
