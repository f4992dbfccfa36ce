package transport

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"kadmium/identity"
	"kadmium/rpc"
)

// A udpPeer is a Transport on real sockets that echoes requests and hands
// responses over a channel.
type udpPeer struct {
	*Transport
	id      identity.ID
	answers chan Inbound
	asked   chan Inbound
}

func newUDPPeer(t *testing.T, n byte, sockets ...*net.UDPConn) *udpPeer {
	t.Helper()
	p := &udpPeer{id: seedKey(n).ID(), answers: make(chan Inbound, 16), asked: make(chan Inbound, 16)}
	var conns []net.PacketConn
	for _, s := range sockets {
		conns = append(conns, s)
	}
	tr, err := New(Config{Key: seedKey(n), Network: "test", Conns: conns, Handler: p.handle})
	if err != nil {
		t.Fatal(err)
	}
	p.Transport = tr
	tr.Start()
	t.Cleanup(func() { tr.Close() })
	return p
}

func (p *udpPeer) handle(in *Inbound) {
	kept := *in
	kept.Body = append([]byte(nil), in.Body...)
	if in.Response {
		p.answers <- kept
		return
	}
	p.asked <- kept
	p.Reply(in.Reply, false, in.Body)
}

func (p *udpPeer) roundTrip(t *testing.T, to identity.Address, id uint64, r rpc.Type) Inbound {
	t.Helper()
	for range 3 {
		if err := p.Request(Request{To: to, ID: id, Type: r, Body: []byte("body")}); err != nil {
			t.Fatal(err)
		}
		select {
		case in := <-p.answers:
			if in.ID != id || in.From != to || string(in.Body) != "body" {
				t.Fatalf("answered with %+v, %q", in, in.Body)
			}
			return in
		case <-time.After(2 * time.Second):
		}
	}
	t.Fatalf("no answer from %v", to)
	return Inbound{}
}

func TestOverUDP(t *testing.T) {
	for _, c := range []struct{ name, network, server, client, asked string }{
		{"IPv4", "udp4", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1"},
		{"IPv6", "udp6", "[::1]:0", "[::1]:0", "::1"},
		{"wildcard IPv4", "udp4", "0.0.0.0:0", "127.0.0.1:0", "127.0.0.2"},
		{"wildcard IPv6", "udp6", "[::]:0", "[::1]:0", "::1"},
		{"both families, asked over IPv4", "udp", "[::]:0", "127.0.0.1:0", "127.0.0.2"},
		{"both families, asked over IPv6", "udp", "[::]:0", "[::1]:0", "::1"},
		{"both families on both sides", "udp", "[::]:0", "[::]:0", "127.0.0.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := newUDPPeer(t, 2, listenUDP(t, c.network, c.server))
			client := newUDPPeer(t, 1, listenUDP(t, "udp", c.client))
			// The answer is only taken if it comes from the address asked.
			to := identity.Address{ID: server.id, Endpoint: netip.AddrPortFrom(netip.MustParseAddr(c.asked), server.Addrs()[0].Port())}
			in := client.roundTrip(t, to, 1, rpc.FindNode)
			if in.Observed.Addr().Is4In6() || in.Observed.Addr().Is4() != to.Endpoint.Addr().Is4() {
				t.Errorf("observed at %v", in.Observed)
			}
			client.roundTrip(t, to, 2, rpc.Store)
			client.roundTrip(t, to, 3, rpc.FindNode)
			first := <-server.asked
			if first.From != (identity.Address{ID: client.id, Endpoint: in.Observed}) {
				t.Errorf("the server saw %v", first.From)
			}
			server.roundTrip(t, first.From, 4, rpc.Ping)
		})
	}
}

func TestTwoSocketsOneNode(t *testing.T) {
	server := newUDPPeer(t, 2, listenUDP(t, "udp4", "127.0.0.1:0"), listenUDP(t, "udp6", "[::1]:0"))
	client := newUDPPeer(t, 1, listenUDP(t, "udp6", "[::1]:0"), listenUDP(t, "udp4", "127.0.0.1:0"))
	if f := server.Families(); f != rpc.IPv4|rpc.IPv6 {
		t.Errorf("families %b", f)
	}
	id := uint64(0)
	for range 2 {
		for _, at := range server.Addrs() {
			id++
			client.roundTrip(t, identity.Address{ID: server.id, Endpoint: at}, id, rpc.FindNode)
		}
	}
	// One session served both addresses; the second was proven by its answer.
	if s := client.Stats(); s.Out["first request"].Datagrams != 1 || s.Sessions != 1 {
		t.Errorf("%+v", s)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	before := goleak.IgnoreCurrent()
	a := newUDPPeer(t, 1, listenUDP(t, "udp4", "127.0.0.1:0"))
	b := newUDPPeer(t, 2, listenUDP(t, "udp4", "0.0.0.0:0"), listenUDP(t, "udp4", "127.0.0.1:0"))
	to := identity.Address{ID: b.id, Endpoint: b.Addrs()[1]}
	a.roundTrip(t, to, 1, rpc.FindNode)
	for id := range uint64(8) { // some first contacts on their way
		dead := identity.Address{ID: seedKey(byte(50 + id)).ID(), Endpoint: to.Endpoint}
		if err := a.Request(Request{To: dead, ID: 10 + id, Type: rpc.FindNode}); err != nil {
			t.Fatal(err)
		}
	}
	var closing sync.WaitGroup
	for range 2 {
		closing.Go(func() { a.Close() })
		closing.Go(func() { b.Close() })
	}
	closing.Wait()
	goleak.VerifyNone(t, before)
}

// The session path allocates nothing for a packet.
func TestSessionPathAllocatesNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the pools leak under the race detector")
	}
	var client, server *Transport
	done := make(chan struct{})
	body := make([]byte, 100)
	client = benchTransport(t, 1, func(*Inbound) { done <- struct{}{} })
	server = benchTransport(t, 2, func(in *Inbound) {
		if err := server.Reply(in.Reply, true, body); err != nil {
			t.Error(err)
		}
	})
	client.Start()
	server.Start()
	to := identity.Address{ID: server.self, Endpoint: server.Addrs()[0]}
	id := uint64(0)
	ask := func() {
		id++
		if err := client.Request(Request{To: to, ID: id, Type: rpc.FindNode, Body: body}); err != nil {
			t.Fatal(err)
		}
		<-done
	}
	ask()
	if got := testing.AllocsPerRun(500, ask); got > 0.1 { // sync.Pool may be emptied meanwhile
		t.Errorf("%v allocations a round trip", got)
	}
}
