package driver

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/engine"
	"kadmium/rpc"
	"kadmium/transport"
	"kadmium/transport/memnet"
)

// A node that finds only itself behind the name that it was given, as the first pod of a
// cluster does, is ready alone, and not so once the name has another address or does not
// resolve at first.
func TestReadyAloneBehindItsOwnName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		var resolves, others atomic.Bool
		d := begin(t, Config{
			Listen:       []string{netip.AddrPortFrom(publicIP(1), 4100).String()},
			ListenPacket: func(at netip.AddrPort) (net.PacketConn, error) { return network.Listen(at) },
			Engine:       engine.Config{Mode: engine.Server},
			Bootstrap:    parsed(t, "kad.example:4100"),
			Resolver: Resolver{Host: func(context.Context, string) ([]netip.Addr, error) {
				switch {
				case !resolves.Load():
					return nil, &net.DNSError{Err: "no such host", Name: "kad.example", IsNotFound: true}
				case others.Load():
					return []netip.Addr{publicIP(1), publicIP(2)}, nil
				}
				return []netip.Addr{publicIP(1), netip.MustParseAddr("2001:db8::1")}, nil // listened on: IPv4 only
			}},
		})
		if err := d.Joined(t.Context()); err == nil {
			t.Error("it has joined through a name that does not resolve")
		}
		want := func(when string, ready bool) {
			t.Helper()
			if r := d.Ready(t.Context()); r.Ready != ready || r.Alone != ready {
				t.Errorf("%s: %+v", when, r)
			}
		}
		want("the name does not resolve", false)
		resolves.Store(true)
		time.Sleep(2 * time.Minute)
		want("the name is its own", true)
		others.Store(true)
		time.Sleep(2 * time.Minute)
		want("the name has another address", false)
	})
}

// An answer that nobody waits for is no evidence that a peer is there: a node that is cut off
// is not ready, however many of them arrive, and its book of peers stays as it is.
func TestForgedAnswersAreNoEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		one := on(t, network, 1, engine.Server)
		two := on(t, network, 2, engine.Server, one)
		network.Partition(func(netip.Addr, netip.Addr) bool { return true })
		from := one.Addresses()[0]
		from.Endpoint = netip.AddrPortFrom(publicIP(9), 4100)
		body, err := two.codec.Append(nil, &rpc.Message{Type: rpc.Ping, Response: true}, &two.book)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		forge := func() {
			two.receive(&transport.Inbound{From: from, ID: 1 << 40, Type: rpc.Ping, Response: true, Serves: true, Proven: true, Body: body})
		}
		for time.Since(began) < time.Minute {
			forge()
			time.Sleep(5 * time.Second)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if r := two.Ready(ctx); r.Ready || r.Answered.After(began) {
			t.Errorf("cut off for a minute: %+v", r)
		}
		p, _ := two.Peer(one.id)
		for _, a := range p.Addresses {
			if a.Address == from {
				t.Errorf("the peer is known at %s", a.Address)
			}
		}
		if got := two.Stats().Engine.Counters.Unsolicited; got != 12 {
			t.Errorf("%d unsolicited answers were counted", got)
		}
	})
}
