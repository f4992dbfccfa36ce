package kadmium

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/transport"
)

// All benchmarks run with: go test -run - -bench . -benchmem .

const inFlight = 256 // requests under way at once

// BenchmarkFindNode is one node answering FIND_NODE with 20 contacts on loopback,
// over a session, beside a plain UDP echo of the same sizes: a chunk of the one,
// a chunk of the other. The asker is a bare transport.
func BenchmarkFindNode(b *testing.B) {
	server, err := New(Config{Listen: []string{"127.0.0.1:0"}, Mode: Server})
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	server.driver.View(func(e *engine.Engine) {
		for i := range 200 { // a table that 20 contacts come from
			id := identity.ID(sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
			at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)}), 4100)
			e.Table().Seen(time.Now(), server.book.Intern(identity.Address{ID: id, Endpoint: at}))
		}
	})
	asker := newAsker(b, server)
	defer asker.transport.Close()
	echo := newEcho(b, asker.requestSize, asker.replySize)
	defer echo.close()
	b.ReportAllocs()
	b.ResetTimer()
	var ours, theirs time.Duration
	for left := b.N; left > 0; {
		chunk := min(left, 20_000)
		left -= chunk
		ours += asker.run(chunk)
		b.StopTimer()
		theirs += echo.run(chunk)
		b.StartTimer()
	}
	n := float64(b.N)
	b.ReportMetric(n/ours.Seconds(), "find_node/s")
	b.ReportMetric(n/theirs.Seconds(), "echo/s")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "of-echo")
	b.ReportMetric(float64(asker.replySize), "reply-B")
}

// An asker keeps requests in flight to one node, and reads nothing of the answers
// but their number.
type asker struct {
	b                      *testing.B
	transport              *transport.Transport
	to                     identity.Address
	body                   []byte
	requestSize, replySize int
	window                 window
}

func newAsker(b *testing.B, server *Node) *asker {
	key := identity.KeyFromSeed([32]byte{1})
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	a := &asker{b: b, to: server.Addresses()[0]}
	met := make(chan struct{}, 1)
	a.transport, err = transport.New(transport.Config{Key: key, Network: DefaultNetwork, Conns: []net.PacketConn{conn}, Handler: func(in *transport.Inbound) {
		if in.Type == rpc.Ping {
			met <- struct{}{}
			return
		}
		a.replySize = len(in.Body) + 44
		a.window.answered(in.ID)
	}})
	if err != nil {
		b.Fatal(err)
	}
	a.transport.Start()
	var codec rpc.Codec
	a.body, err = codec.Append(nil, &rpc.Message{Type: rpc.FindNode, Target: identity.KeyPosition([]byte("target")), Families: rpc.IPv4}, &identity.Contacts{})
	if err != nil {
		b.Fatal(err)
	}
	a.requestSize = len(a.body) + 44
	ping, err := codec.Append(nil, &rpc.Message{Type: rpc.Ping}, &identity.Contacts{})
	if err != nil {
		b.Fatal(err)
	}
	for id := range uint64(2) { // a first contact, then the session
		a.ask(transport.Request{ID: 1<<60 + id, Type: rpc.Ping, Body: ping})
		<-met
	}
	a.run(1)
	return a
}

func (a *asker) ask(r transport.Request) {
	r.To = a.to
	if err := a.transport.Request(r); err != nil {
		a.b.Error(err)
	}
}

func (a *asker) run(n int) time.Duration {
	return a.window.run(n, func(id uint64) {
		a.ask(transport.Request{ID: id, Type: rpc.FindNode, Body: a.body})
	})
}

// A window keeps up to inFlight exchanges under way and begins again those that
// the kernel dropped.
type window struct {
	mu   sync.Mutex
	open map[uint64]bool
	next uint64
	left int
	ask  func(id uint64)
	done chan struct{}
}

func (w *window) run(n int, ask func(id uint64)) time.Duration {
	began := time.Now()
	w.mu.Lock()
	w.open, w.left, w.ask, w.done = make(map[uint64]bool), n, ask, make(chan struct{})
	done := w.done
	w.mu.Unlock()
	for range min(n, inFlight) {
		w.one()
	}
	for {
		select {
		case <-done:
			return time.Since(began)
		case <-time.After(100 * time.Millisecond):
			w.mu.Lock()
			var lost []uint64
			for id := range w.open {
				lost = append(lost, id)
			}
			w.mu.Unlock()
			for _, id := range lost {
				ask(id)
			}
		}
	}
}

// one begins the next exchange, if any are left.
func (w *window) one() {
	w.mu.Lock()
	if w.left == 0 {
		w.mu.Unlock()
		return
	}
	w.left--
	w.next++
	id := w.next
	w.open[id] = true
	w.mu.Unlock()
	w.ask(id)
}

func (w *window) answered(id uint64) {
	w.mu.Lock()
	known := w.open[id]
	delete(w.open, id)
	if known && w.left == 0 && len(w.open) == 0 {
		close(w.done)
	}
	w.mu.Unlock()
	if known {
		w.one()
	}
}

// A udpEcho is a pair of UDP sockets, the one answering the other.
type udpEcho struct {
	server, client *net.UDPConn
	request        []byte
	window         window
}

func newEcho(b *testing.B, requestSize, replySize int) *udpEcho {
	listen := func() *net.UDPConn {
		conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			b.Fatal(err)
		}
		conn.SetReadBuffer(4 << 20)
		return conn
	}
	e := &udpEcho{server: listen(), client: listen(), request: make([]byte, requestSize)}
	go func() {
		buf := make([]byte, replySize)
		for {
			_, from, err := e.server.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			e.server.WriteToUDPAddrPort(buf[:replySize], from)
		}
	}()
	go func() {
		buf := make([]byte, 2048)
		for {
			if _, _, err := e.client.ReadFromUDPAddrPort(buf); err != nil {
				return
			}
			e.window.answered(binary.BigEndian.Uint64(buf))
		}
	}()
	return e
}

func (e *udpEcho) run(n int) time.Duration {
	to := e.server.LocalAddr().(*net.UDPAddr).AddrPort()
	var mu sync.Mutex // of request
	return e.window.run(n, func(id uint64) {
		mu.Lock()
		defer mu.Unlock()
		binary.BigEndian.PutUint64(e.request, id)
		e.client.WriteToUDPAddrPort(e.request, to)
	})
}

func (e *udpEcho) close() {
	e.server.Close()
	e.client.Close()
}

// network starts count nodes that know only the first, and waits until all have
// joined.
func benchNetwork(b *testing.B, count int) []*Node {
	b.Helper()
	nodes := make([]*Node, count)
	for i := range nodes {
		cfg := Config{Listen: []string{"127.0.0.1:0"}, Mode: Server}
		if i > 0 {
			cfg.Bootstrap = []string{nodes[0].Addresses()[0].String()}
		}
		n, err := New(cfg)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { n.Close() })
		nodes[i] = n
		if i%8 == 0 {
			if err := n.Joined(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, n := range nodes {
		if err := n.Joined(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	return nodes
}

// BenchmarkClosest is a lookup of the 20 nodes closest to a random target in a
// network of 100 nodes on loopback with sessions in place: median latency, CPU
// time of all nodes together, and bytes of UDP payload on the wire.
func BenchmarkClosest(b *testing.B) {
	nodes := benchNetwork(b, 100)
	rnd := rand.New(rand.NewPCG(1, 2))
	look := func() time.Duration {
		var target identity.Position
		for i := range target {
			target[i] = byte(rnd.Uint32())
		}
		began := time.Now()
		r, err := nodes[rnd.IntN(len(nodes))].Closest(context.Background(), target)
		if err != nil || len(r.Peers) != DefaultK {
			b.Fatalf("%d peers, %v", len(r.Peers), err)
		}
		return time.Since(began)
	}
	for range 3000 { // every node meets every other
		look()
	}
	sent := func() (bytes uint64) {
		for _, n := range nodes {
			for _, t := range n.Stats().Wire.Out {
				bytes += t.Bytes
			}
		}
		return bytes
	}
	took := make([]time.Duration, 0, b.N)
	bytes, cpu := sent(), cpuTime()
	b.ResetTimer()
	for range b.N {
		took = append(took, look())
	}
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
	b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/1000/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(sent()-bytes)/float64(b.N), "wire-B/op")
}

// BenchmarkMemory is what a node takes in a process of 1,000, after it joined and
// did 10 lookups: live objects and stacks (live-B), then again once the sessions
// that were used once have died (settled-B), and the spans they lie in (inuse-B).
func BenchmarkMemory(b *testing.B) {
	const count = 1000
	for range b.N {
		before, _ := memory()
		nodes := benchNetwork(b, count)
		var wg sync.WaitGroup
		var failed atomic.Int64
		for w := range 4 {
			wg.Go(func() {
				for i := w; i < len(nodes); i += 4 {
					for j := range 10 {
						if _, err := nodes[i].Closest(context.Background(), identity.KeyPosition(fmt.Append(nil, i, j))); err != nil {
							failed.Add(1)
						}
					}
				}
			})
		}
		wg.Wait()
		if failed.Load() > 0 {
			b.Errorf("%d lookups failed", failed.Load())
		}
		live, _ := memory()
		b.ReportMetric(float64(live-before)/count, "live-B/node")
		settle(nodes)
		live, spans := memory()
		b.ReportMetric(float64(live-before)/count, "settled-B/node")
		b.ReportMetric(float64(spans)/count, "inuse-B/node")
		b.ReportMetric(float64(runtime.NumGoroutine())/count, "goroutines/node")
		runtime.KeepAlive(nodes)
	}
}

// settle waits until no session has died for 15 s, a minute at most.
func settle(nodes []*Node) {
	last, since := -1, time.Now()
	for end := time.Now().Add(time.Minute); time.Now().Before(end) && time.Since(since) < 15*time.Second; <-time.After(time.Second) {
		sessions := 0
		for _, n := range nodes {
			sessions += n.Stats().Wire.Sessions
		}
		if sessions != last {
			last, since = sessions, time.Now()
		}
	}
}

// memory is the process's live objects and stacks, and the spans in use for both.
func memory() (live, spans uint64) {
	runtime.GC()
	runtime.GC() // finalizers, pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse, m.HeapInuse + m.StackInuse
}
