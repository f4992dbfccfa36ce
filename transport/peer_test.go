package transport

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/transport/memnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const latency = 10 * time.Millisecond

// A world is a memnet with peers on it, in a synctest bubble.
type world struct {
	*testing.T
	*memnet.Network
	sent []wire // every datagram so far
}

type wire struct {
	from, to netip.AddrPort
	data     []byte
}

func inWorld(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, Network: memnet.New(1, memnet.Conditions{Latency: latency})}
		w.watch()
		f(t, w)
	})
}

func (w *world) watch() {
	w.Tap(func(from, to netip.AddrPort, datagram []byte) {
		w.sent = append(w.sent, wire{from, to, slices.Clone(datagram)})
	})
}

// settle waits until nothing has been under way for a while.
func (w *world) settle() {
	time.Sleep(time.Second)
	synctest.Wait()
}

// kinds is the second byte of the datagrams sent since the mark.
func (w *world) kinds(mark int) (kinds []byte) {
	for _, d := range w.sent[mark:] {
		kinds = append(kinds, d.data[1])
	}
	return kinds
}

func (w *world) wantKinds(mark int, want ...byte) {
	w.Helper()
	if got := w.kinds(mark); !slices.Equal(got, want) {
		w.Fatalf("datagrams of kinds %v, want %v", got, want)
	}
}

// A peer is a Transport that answers every request with "re:" and the body, and
// keeps what it is handed.
type peer struct {
	*Transport
	t      testing.TB
	addr   identity.Address
	silent bool

	mu   sync.Mutex
	got  []Inbound
	next uint64
}

func seedKey(n byte) identity.Key { return identity.KeyFromSeed([32]byte{n}) }

// peer makes a peer with the nth key at 192.0.2.n:4100.
func (w *world) peer(n byte, change ...func(*Config, *limits)) *peer {
	w.Helper()
	conn, err := w.Listen(netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, n}), 4100))
	if err != nil {
		w.Fatal(err)
	}
	return startPeer(w.T, n, conn, change...)
}

func startPeer(t testing.TB, n byte, conn net.PacketConn, change ...func(*Config, *limits)) *peer {
	t.Helper()
	p := &peer{t: t, next: uint64(n) << 32}
	cfg := Config{Key: seedKey(n), Network: "test", Conns: []net.PacketConn{conn}, Handler: p.handle}
	l := defaultLimits()
	for _, f := range change {
		f(&cfg, &l)
	}
	tr, err := newTransport(cfg, l)
	if err != nil {
		t.Fatal(err)
	}
	p.Transport = tr
	p.addr = identity.Address{ID: cfg.Key.ID(), Endpoint: tr.Addrs()[0]}
	tr.Start()
	t.Cleanup(func() {
		if err := tr.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return p
}

func (p *peer) handle(in *Inbound) {
	kept := *in
	kept.Body = slices.Clone(in.Body)
	p.mu.Lock()
	p.got = append(p.got, kept)
	silent := p.silent
	p.mu.Unlock()
	if in.Response || silent {
		return
	}
	if err := p.Reply(in.Reply, true, append([]byte("re:"), in.Body...)); err != nil && !errors.Is(err, ErrClosed) {
		p.t.Errorf("Reply: %v", err)
	}
}

// inbox takes what was handed over so far.
func (p *peer) inbox() []Inbound {
	p.mu.Lock()
	defer p.mu.Unlock()
	got := p.got
	p.got = nil
	return got
}

// ask sends a new request and returns its ID.
func (p *peer) ask(to identity.Address, r rpc.Type, body string) uint64 {
	p.t.Helper()
	p.next++
	p.again(to, r, body, p.next, false)
	return p.next
}

func (p *peer) again(to identity.Address, r rpc.Type, body string, id uint64, fresh bool) {
	p.t.Helper()
	if err := p.Request(Request{To: to, ID: id, Type: r, Body: []byte(body), FirstContact: fresh}); err != nil {
		p.t.Fatalf("Request: %v", err)
	}
}

// wantAnswer takes the inbox, which must hold the answer to one request alone.
func (p *peer) wantAnswer(from identity.Address, id uint64, body string) Inbound {
	p.t.Helper()
	got := p.inbox()
	if len(got) != 1 {
		p.t.Fatalf("%d messages came, want one answer: %+v", len(got), got)
	}
	in := got[0]
	if !in.Response || !in.Proven || in.From != from || in.ID != id || string(in.Body) != body {
		p.t.Fatalf("got %+v with %q, want the answer %q to %d", in, in.Body, body, id)
	}
	return in
}

// wantRequests takes the inbox, which must hold n requests and nothing else.
func (p *peer) wantRequests(n int) []Inbound {
	p.t.Helper()
	got := p.inbox()
	if len(got) != n {
		p.t.Fatalf("%d messages came, want %d: %+v", len(got), n, got)
	}
	for _, in := range got {
		if in.Response {
			p.t.Fatalf("a response came: %+v", in)
		}
	}
	return got
}

// meet gives two peers a session, confirmed on both sides.
func (w *world) meet(a, b *peer) {
	w.Helper()
	for _, body := range []string{"first", "second"} {
		id := a.ask(b.addr, rpc.FindNode, body)
		w.settle()
		a.wantAnswer(b.addr, id, "re:"+body)
		b.wantRequests(1)
	}
}
