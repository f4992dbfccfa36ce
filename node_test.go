package kadmium

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/transport/memnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start makes a node on loopback that joins by the given ones.
func start(t testing.TB, cfg Config, seeds ...*Node) *Node {
	t.Helper()
	if len(cfg.Conns) == 0 && cfg.ListenPacket == nil && len(cfg.Listen) == 0 {
		cfg.Listen = []string{"127.0.0.1:0"}
	}
	for _, s := range seeds {
		cfg.Bootstrap = append(cfg.Bootstrap, s.Addresses()[0].String())
	}
	n, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	if err := n.Joined(t.Context()); err != nil {
		t.Fatalf("Joined: %v", err)
	}
	return n
}

// on makes a node on an in-memory network, at its i-th public address.
func on(t testing.TB, network *memnet.Network, i int, cfg Config, seeds ...*Node) *Node {
	t.Helper()
	cfg.Listen = []string{netip.AddrPortFrom(publicIP(i), 4100).String()}
	cfg.ListenPacket = func(at netip.AddrPort) (net.PacketConn, error) { return network.Listen(at) }
	return start(t, cfg, seeds...)
}

// publicIP is in a /24 of its own for each i.
func publicIP(i int) netip.Addr { return netip.AddrFrom4([4]byte{20, byte(i >> 8), byte(i), 1}) }

// Nodes 2 and 3 know only 1; everything between 2 and 3 is discovered.
func TestThreeNodesOnLoopback(t *testing.T) {
	ctx := t.Context()
	one := start(t, Config{})
	two := start(t, Config{}, one)
	three := start(t, Config{}, one)

	found, err := three.FindPeer(ctx, two.ID())
	if err != nil || found.Peer.Address != two.Addresses()[0] {
		t.Fatalf("FindPeer: %+v, %v; want %v", found.Peer, err, two.Addresses()[0])
	}
	if found.Lookup.Hops < 1 || found.Lookup.RPCs < 1 || found.Lookup.Elapsed <= 0 || found.Lookup.Reason != lookup.Satisfied.String() {
		t.Errorf("FindPeer's lookup: %+v", found.Lookup)
	}

	two.Handle("/greet/1", func(_ context.Context, m Message) ([]byte, error) {
		return append([]byte("hello "), m.Payload...), nil
	})
	reply, err := three.Send(ctx, identity.Address{ID: two.ID()}, "/greet/1", []byte("three"))
	if err != nil || string(reply.Payload) != "hello three" || reply.From != two.Addresses()[0] || reply.Lookup == nil {
		t.Fatalf("Send: %+v, %v", reply, err)
	}

	stored, err := two.Put(ctx, "/v/greeting", []byte("hi"), PutOptions{})
	if err != nil || stored.Holders != 3 || !stored.SelfHolder || stored.Sequence != 1 {
		t.Fatalf("Put: %+v, %v", stored, err)
	}
	if left := time.Until(stored.Expires); left < 23*time.Hour || left > 24*time.Hour {
		t.Errorf("Put expires in %v", left)
	}
	got, err := three.Get(ctx, "/v/greeting", GetOptions{Quorum: 2})
	if err != nil || string(got.Value) != "hi" || got.Sequence != 1 || got.Answers < 2 {
		t.Fatalf("Get: %+v, %v", got, err)
	}

	closest, err := three.Closest(ctx, two.ID().Position())
	if err != nil || len(closest.Peers) != 2 || closest.Peers[0].ID != two.ID() || closest.Peers[0].Distance != 0 {
		t.Fatalf("Closest: %+v, %v", closest.Peers, err)
	}
	pong, err := three.Ping(ctx, identity.Address{Endpoint: one.Addresses()[0].Endpoint})
	if err != nil || pong.Address != one.Addresses()[0] || pong.Observed != three.Addresses()[0] || !pong.Serves {
		t.Fatalf("Ping: %+v, %v", pong, err)
	}
	if peers := three.Peers(); len(peers) != 2 {
		t.Errorf("Peers: %+v", peers)
	}
	if table := three.Table(); table.Size != 2 || len(table.Buckets) == 0 || table.Buckets[0].Contacts[0].LastSeen.IsZero() {
		t.Errorf("Table: %+v", table)
	}
	stats := two.Stats()
	if !stats.Serves || stats.Peers != 2 || stats.Records != 1 || stats.Published != 1 || stats.Counters["served.MESSAGE"] != 1 || len(stats.Tasks) == 0 {
		t.Errorf("Stats: %+v", stats)
	}
}

func TestTraceTellsTheLookup(t *testing.T) {
	one := start(t, Config{})
	two := start(t, Config{}, one)
	three := start(t, Config{}, one)
	closest, err := three.Closest(t.Context(), two.ID().Position())
	if err != nil {
		t.Fatal(err)
	}
	var asked, answered int
	for _, s := range closest.Lookup.Trace {
		switch s.Kind {
		case lookup.Asked.String():
			asked++
			if s.Peer.IsZero() || !s.Address.Endpoint.IsValid() || s.Hop < 1 {
				t.Errorf("asked: %+v", s)
			}
		case lookup.Answered.String():
			answered++
		}
	}
	last := closest.Lookup.Trace[len(closest.Lookup.Trace)-1]
	if asked != closest.Lookup.RPCs || answered != closest.Lookup.Answered || last.Kind != lookup.Ended.String() || last.Reason != closest.Lookup.Reason {
		t.Errorf("%d asked, %d answered, at last %+v; lookup %+v", asked, answered, last, closest.Lookup)
	}
}

func TestCloseIsIdempotentAndEndsEverything(t *testing.T) {
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	n := start(t, Config{})
	events := n.Events(t.Context())
	failed := make(chan error)
	go func() {
		_, err := n.Ping(t.Context(), identity.Address{Endpoint: silent.LocalAddr().(*net.UDPAddr).AddrPort()})
		failed <- err
	}()
	buffer := make([]byte, 2048)
	if _, _, err := silent.ReadFrom(buffer); err != nil { // the ping is under way
		t.Fatal(err)
	}
	closed := make(chan error)
	for range 2 {
		go func() { closed <- n.Close() }()
	}
	for range 2 {
		if err := <-closed; err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if err := <-failed; !errors.Is(err, ErrClosed) {
		t.Errorf("the ping under way: %v", err)
	}
	for range events { // closed
	}
	if _, err := n.Closest(t.Context(), n.ID().Position()); !errors.Is(err, ErrClosed) {
		t.Errorf("Closest after Close: %v", err)
	}
	if _, open := <-n.Events(t.Context()); open {
		t.Error("Events after Close")
	}
	n.Handle("x", nil)
	n.Stats()
	n.Table()
}

func TestNewRefuses(t *testing.T) {
	taken := start(t, Config{})
	for name, c := range map[string]struct {
		cfg  Config
		want error
	}{
		"taken address":       {Config{Listen: []string{taken.Addresses()[0].Endpoint.String()}}, ErrAddressInUse},
		"malformed address":   {Config{Listen: []string{"/ip4/1.2.3.4/tcp/1"}}, ErrBadAddress},
		"address with a peer": {Config{Listen: []string{taken.Addresses()[0].String()}}, ErrBadConfig},
		"malformed bootstrap": {Config{Bootstrap: []string{"nobody"}}, ErrBadAddress},
		"bootstrap port 0":    {Config{Bootstrap: []string{"127.0.0.1:0"}}, ErrBadAddress},
		"bootstrap bad port":  {Config{Bootstrap: []string{"localhost:70000"}}, ErrBadAddress},
		"too large a k":       {Config{K: 21}, ErrBadConfig},
		"negative alpha":      {Config{Alpha: -1}, ErrBadConfig},
		"too many a subnet":   {Config{PerSubnet: 3}, ErrBadConfig},
		"too many paths":      {Config{DisjointPaths: 9}, ErrBadConfig},
		"nil conn":            {Config{Conns: []net.PacketConn{nil}}, ErrBadConfig},
		"unknown mode":        {Config{Mode: 3}, ErrBadConfig},
		"long network":        {Config{Network: string(make([]byte, 256))}, ErrBadConfig},
		"negative limit":      {Config{Limits: Limits{Bytes: -1}}, ErrBadConfig},
		"built-in namespace":  {Config{Namespaces: map[string]Validator{"v": evenLength{}}}, ErrBadConfig},
	} {
		t.Run(name, func(t *testing.T) {
			if len(c.cfg.Listen) == 0 {
				c.cfg.Listen = []string{"127.0.0.1:0"}
			}
			n, err := New(c.cfg)
			if err == nil {
				n.Close()
			}
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestNewClosesTheConnsItWasGiven(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(Config{Conns: []net.PacketConn{conn}, Mode: 9}); !errors.Is(err, ErrBadConfig) {
		t.Fatalf("New: %v", err)
	}
	if err := conn.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the socket was left open: %v", err)
	}
}
