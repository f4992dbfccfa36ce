package transport

import (
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/session"
)

// The sizes of a FIND_NODE with its tags and of an answer with 20 IPv4 contacts,
// in bytes of UDP payload.
const (
	requestSize = 120
	replySize   = 830
)

// both runs a benchmark with requests alone and with many in flight.
func both(b *testing.B, run func(b *testing.B, inFlight int)) {
	for _, n := range []int{1, 256} {
		b.Run(fmt.Sprint(n, " in flight"), func(b *testing.B) { run(b, n) })
	}
}

// BenchmarkSessionRoundTrip is one node asking another over a session on
// loopback, both in this process.
func BenchmarkSessionRoundTrip(b *testing.B) { both(b, sessionRoundTrip) }

func sessionRoundTrip(b *testing.B, inFlight int) {
	var client, server *Transport
	var to identity.Address
	var asked, answered atomic.Uint64
	total := uint64(b.N)
	done := make(chan struct{})
	body := make([]byte, requestSize-session.SessionOverhead)
	reply := make([]byte, replySize-session.SessionOverhead)
	ask := func() {
		id := asked.Add(1)
		if id > total {
			return
		}
		if err := client.Request(Request{To: to, ID: id, Type: rpc.FindNode, Body: body}); err != nil {
			b.Error(err)
		}
	}
	met := make(chan struct{}, 1)
	client = benchTransport(b, 1, func(in *Inbound) {
		if in.ID > 1<<40 {
			met <- struct{}{}
			return
		}
		if answered.Add(1) == total {
			close(done)
		}
		ask()
	})
	server = benchTransport(b, 2, func(in *Inbound) {
		if err := server.Reply(in.Reply, true, reply[:min(len(reply), in.Room)]); err != nil {
			b.Error(err)
		}
	})
	client.Start()
	server.Start()
	to = identity.Address{ID: server.self, Endpoint: server.Addrs()[0]}
	for id := range uint64(2) {
		if err := client.Request(Request{To: to, ID: 1<<41 + id, Type: rpc.Ping}); err != nil {
			b.Fatal(err)
		}
		<-met
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range inFlight {
		ask()
	}
	wait(b, done, &answered, func() {
		for id := range asked.Load() { // what the kernel dropped
			client.mu.Lock()
			_, open := client.outstanding.byID[id+1]
			client.mu.Unlock()
			if open {
				client.Request(Request{To: to, ID: id + 1, Type: rpc.FindNode, Body: body})
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "roundtrips/s")
}

func benchTransport(b testing.TB, n byte, handler func(*Inbound)) *Transport {
	b.Helper()
	conn := listenUDP(b, "udp4", "127.0.0.1:0")
	tr, err := New(Config{Key: seedKey(n), Network: "bench", Conns: []net.PacketConn{conn}, Handler: handler})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { tr.Close() })
	return tr
}

// BenchmarkUDPEcho is the same traffic on bare sockets: what the system alone takes.
func BenchmarkUDPEcho(b *testing.B) { both(b, udpEcho) }

func udpEcho(b *testing.B, inFlight int) {
	server, client := listenUDP(b, "udp4", "127.0.0.1:0"), listenUDP(b, "udp4", "127.0.0.1:0")
	for _, conn := range []*net.UDPConn{server, client} {
		conn.SetReadBuffer(receiveBuffer)
	}
	to := client.LocalAddr().(*net.UDPAddr).AddrPort()
	at := server.LocalAddr().(*net.UDPAddr).AddrPort()
	go echo(server, to)
	var sent, answered atomic.Uint64
	total := uint64(b.N)
	done := make(chan struct{})
	request := make([]byte, requestSize)
	ask := func() {
		if sent.Add(1) <= total {
			client.WriteToUDPAddrPort(request, at)
		}
	}
	go func() {
		buf := make([]byte, 1500)
		for {
			if _, _, err := client.ReadFromUDPAddrPort(buf); err != nil {
				return
			}
			if answered.Add(1) == total {
				close(done)
			}
			ask()
		}
	}()
	b.ReportAllocs()
	b.ResetTimer()
	for range inFlight {
		ask()
	}
	wait(b, done, &answered, func() {
		for range min(uint64(inFlight), total-answered.Load()) {
			client.WriteToUDPAddrPort(request, at)
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "roundtrips/s")
}

func echo(conn *net.UDPConn, to netip.AddrPort) {
	buf, reply := make([]byte, 1500), make([]byte, replySize)
	for {
		if _, _, err := conn.ReadFromUDPAddrPort(buf); err != nil {
			return
		}
		conn.WriteToUDPAddrPort(reply, to)
	}
}

// wait waits for done; when nothing moves any more, again sends what was lost.
func wait(b *testing.B, done <-chan struct{}, answered *atomic.Uint64, again func()) {
	last := uint64(0)
	for {
		select {
		case <-done:
			b.StopTimer()
			return
		case <-time.After(20 * time.Millisecond):
			if now := answered.Load(); now != last {
				last = now
				continue
			}
			again()
		}
	}
}

// BenchmarkFirstContact is a request and its answer with two signatures, two
// checks and two key exchanges, one at a time.
func BenchmarkFirstContact(b *testing.B) {
	var server *Transport
	answered := make(chan struct{})
	client := benchTransport(b, 1, func(*Inbound) { answered <- struct{}{} })
	server = benchTransport(b, 2, func(in *Inbound) {
		if err := server.Reply(in.Reply, true, make([]byte, replySize-session.FirstResponseOverhead)); err != nil {
			b.Error(err)
		}
	})
	client.Start()
	server.Start()
	to := identity.Address{ID: server.self, Endpoint: server.Addrs()[0]}
	b.ReportAllocs()
	for id := uint64(0); b.Loop(); id++ {
		if err := client.Request(Request{To: to, ID: id, Type: rpc.FindNode, FirstContact: true}); err != nil {
			b.Fatal(err)
		}
		<-answered
	}
}
