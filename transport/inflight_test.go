package transport

import (
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// Many requests in flight over real sockets, so that both sides move batches:
// each is answered once, from the address that was asked.
func TestManyInFlight(t *testing.T) {
	for _, c := range []struct{ network, server, client, asked string }{
		{"udp4", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1"},
		{"udp4", "0.0.0.0:0", "0.0.0.0:0", "127.0.0.2"},
		{"udp", "[::]:0", "127.0.0.1:0", "127.0.0.2"},
		{"udp", "[::]:0", "[::1]:0", "::1"},
	} {
		t.Run(c.network+" "+c.server+" "+c.asked, func(t *testing.T) {
			const total, inFlight = 1000, 64
			var (
				mu             sync.Mutex
				open           = make(map[uint64]bool)
				repeated       = make(map[uint64]bool) // asked again: two answers may come
				next           uint64
				client, server *Transport
				to             identity.Address
			)
			done := make(chan struct{})
			ask := func() {
				mu.Lock()
				next++
				id := next
				if id <= total {
					open[id] = true
				}
				mu.Unlock()
				if id > total {
					return
				}
				kind := rpc.FindNode
				if id%5 == 0 {
					kind = rpc.Store
				}
				if err := client.Request(Request{To: to, ID: id, Type: kind, Body: []byte("ask")}); err != nil {
					t.Errorf("Request: %v", err)
				}
			}
			client = newTestTransport(t, 1, listenUDP(t, c.network, c.client), func(in *Inbound) {
				mu.Lock()
				if !open[in.ID] && repeated[in.ID] && string(in.Body) == "answer" {
					mu.Unlock()
					return
				}
				if !open[in.ID] || string(in.Body) != "answer" {
					t.Errorf("answer to %d: %q", in.ID, in.Body)
				}
				delete(open, in.ID)
				last := next >= total && len(open) == 0
				mu.Unlock()
				if last {
					close(done)
					return
				}
				ask()
			})
			server = newTestTransport(t, 2, listenUDP(t, c.network, c.server), func(in *Inbound) {
				if err := server.Reply(in.Reply, true, []byte("answer")); err != nil {
					t.Errorf("Reply: %v", err)
				}
			})
			to = identity.Address{ID: server.self, Endpoint: netip.AddrPortFrom(netip.MustParseAddr(c.asked), server.Addrs()[0].Port())}
			client.Start()
			server.Start()
			for range inFlight {
				ask()
			}
			for try := 0; ; try++ {
				select {
				case <-done:
					return
				case <-time.After(500 * time.Millisecond):
				}
				mu.Lock()
				lost := len(open)
				for _, id := range slices.Collect(maps.Keys(open)) { // what the kernel lost, or has not brought yet
					repeated[id] = true
					kind := rpc.FindNode
					if id%5 == 0 {
						kind = rpc.Store
					}
					mu.Unlock()
					client.Request(Request{To: to, ID: id, Type: kind, Body: []byte("ask")})
					mu.Lock()
				}
				mu.Unlock()
				if try == 20 {
					t.Fatalf("%d requests without an answer; %+v", lost, client.Stats())
				}
			}
		})
	}
}

func newTestTransport(t *testing.T, n byte, conn net.PacketConn, handler func(*Inbound)) *Transport {
	t.Helper()
	tr, err := New(Config{Key: seedKey(n), Network: "test", Conns: []net.PacketConn{conn}, Handler: handler})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.Close() })
	return tr
}
