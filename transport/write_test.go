package transport

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"kadmium/identity"
	"kadmium/rpc"
)

// A write without a session is sealed as soon as a PING has made one (wire.md rule 1).
func TestWriteOpensItsSession(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1, func(c *Config, _ *limits) { c.Serves = func() bool { return true } }), w.peer(2)
		one, two := a.ask(b.addr, rpc.Store, "one"), a.ask(b.addr, rpc.AppMessage, "two")
		if s := a.Stats(); s.PendingWrites != 2 || s.Outstanding != 3 {
			t.Errorf("waiting: %+v", s)
		}
		w.settle()
		got := b.wantRequests(3)
		if got[0].Type != rpc.Ping || got[0].Proven || !got[0].Serves {
			t.Errorf("first came %+v", got[0])
		}
		for i, want := range []string{"one", "two"} {
			if in := got[1+i]; !in.Proven || string(in.Body) != want {
				t.Errorf("then came %+v with %q", in, in.Body)
			}
		}
		answers := a.inbox()
		if len(answers) != 2 || answers[0].ID != one || answers[1].ID != two || !answers[0].Ambiguous {
			t.Fatalf("answered with %+v", answers)
		}
		w.wantKinds(0, 1, 2, 3, 3, 4, 4)
		if s := a.Stats(); s.PendingWrites != 0 || s.Outstanding != 0 {
			t.Errorf("left behind: %+v", s)
		}
	})
}

func TestForgottenWriteIsNotSent(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		a.Forget(a.ask(b.addr, rpc.Store, "x"))
		a.Forget(a.next)
		w.settle()
		if s := a.Stats(); s.PendingWrites != 0 || s.Outstanding != 0 || len(a.outstanding.openings) != 0 {
			t.Errorf("left behind: %+v", s)
		}
		for _, in := range b.inbox() {
			if in.Type != rpc.Ping {
				t.Errorf("came %+v", in)
			}
		}
	})
}

// A write that is sent again says what then remains of a lifetime, also if it waited
// for a session meanwhile.
func TestRepeatedWriteCarriesItsNewBody(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		for range 2 { // without a session, then with one
			w.Partition(func(_, to netip.Addr) bool { return to == b.addr.Endpoint.Addr() })
			id := a.ask(b.addr, rpc.Store, "3 s left")
			w.settle()
			w.Partition(nil)
			a.again(b.addr, rpc.Store, "2 s left", id, false)
			w.settle()
			a.wantAnswer(b.addr, id, "re:2 s left")
			b.inbox()
		}
	})
}

// Inside a session writes are at-most-once: a retry gets the first answer again
// (wire.md rule 3), also under a renewed session.
func TestWritesAreAtMostOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		w.meet(a, b)
		w.Partition(func(from, _ netip.Addr) bool { return from == b.addr.Endpoint.Addr() })
		id := a.ask(b.addr, rpc.Store, "x")
		w.settle()
		a.again(b.addr, rpc.Store, "x", id, false)
		w.settle()
		w.Partition(nil)
		a.again(b.addr, rpc.Store, "x", id, true)
		w.settle()
		a.wantAnswer(b.addr, id, "re:x")
		got := b.wantRequests(2)
		if got[0].Type != rpc.Store || got[1].Type != rpc.Ping {
			t.Errorf("the handler saw %v and %v", got[0].Type, got[1].Type)
		}
		if got := b.Stats().Answers; got != 1 {
			t.Errorf("%d answers kept", got)
		}
	})
}

// A retry of a write that is still being worked on is dropped.
func TestRetryOfAnUnansweredWrite(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		w.meet(a, b)
		b.silent = true
		id := a.ask(b.addr, rpc.AppMessage, "x")
		w.settle()
		a.again(b.addr, rpc.AppMessage, "x", id, false)
		w.settle()
		in := b.wantRequests(1)[0]
		if err := b.Reply(in.Reply, false, []byte("late")); err != nil {
			t.Fatal(err)
		}
		if err := b.Reply(in.Reply, false, []byte("again")); !errors.Is(err, ErrStale) {
			t.Errorf("second reply: %v", err)
		}
		w.settle()
		a.wantAnswer(b.addr, id, "late")
	})
}

func TestAnswersAreBounded(t *testing.T) {
	a := atMostOnce{most: 10}
	body := make([]byte, 1000)
	for i := range uint64(2000) {
		if a.begin(writeKey{id: i}) != nil {
			t.Fatalf("write %d was known", i)
		}
		if !a.finish(writeKey{id: i}, true, body) || a.finish(writeKey{id: i}, true, body) {
			t.Fatalf("write %d was not finished once", i)
		}
		if a.len() > 10 || a.bytes != a.len()*len(body) {
			t.Fatalf("%d answers of %d bytes kept", a.len(), a.bytes)
		}
	}
	a = atMostOnce{most: 5000}
	for i := range uint64(4000) {
		k := writeKey{identity.ID{byte(i)}, i}
		a.begin(k)
		a.finish(k, true, body)
	}
	if a.bytes > maxAnswerBytes || a.bytes < maxAnswerBytes-len(body) {
		t.Errorf("%d bytes kept", a.bytes)
	}
	if known := a.begin(writeKey{identity.ID{3999 % 256}, 3999}); known == nil || !known.done {
		t.Error("the latest was forgotten")
	}
	if len(a.of) > 256 {
		t.Errorf("%d peers are remembered", len(a.of))
	}
	if a.finish(writeKey{id: 9999}, true, nil) {
		t.Error("finished what never began")
	}
}

// A peer that floods with writes evicts its own answers and no others, also not
// one that is being worked on.
func TestFloodOfWritesIsItsOwnLoss(t *testing.T) {
	a := atMostOnce{most: 4096}
	slow := writeKey{identity.ID{1}, 1}
	a.begin(slow)
	for i := range uint64(10_000) {
		k := writeKey{identity.ID{2}, i}
		a.begin(k)
		a.finish(k, true, []byte("x"))
	}
	if a.len() != maxAnswersOfPeer+1 {
		t.Errorf("%d answers kept", a.len())
	}
	if known := a.begin(slow); known == nil || known.done {
		t.Error("another peer's write was forgotten")
	}
}

func TestErrorsOfRequestsAndReplies(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.peer(1, func(_ *Config, l *limits) { l.outstanding, l.pendingWrites = 4, 1 })
		b := w.peer(2)
		stranger := b.addr
		stranger.ID = [32]byte{}
		v6 := b.addr
		v6.Endpoint = netip.MustParseAddrPort("[2001:db8::1]:1")
		noPort := b.addr
		noPort.Endpoint = netip.AddrPortFrom(b.addr.Endpoint.Addr(), 0)
		multicast := b.addr
		multicast.Endpoint = netip.MustParseAddrPort("224.0.0.1:1")
		for _, c := range []struct {
			what string
			r    Request
			want error
		}{
			{"unknown peer asked for more than a PING", Request{To: stranger, Type: rpc.FindNode}, ErrBadRequest},
			{"itself", Request{To: a.addr, Type: rpc.Ping}, ErrBadRequest},
			{"no type", Request{To: b.addr}, ErrBadRequest},
			{"no port", Request{To: noPort, Type: rpc.Ping}, ErrBadRequest},
			{"multicast", Request{To: multicast, Type: rpc.Ping}, ErrBadRequest},
			{"no address", Request{Type: rpc.Ping}, ErrBadRequest},
			{"family", Request{To: v6, Type: rpc.Ping}, ErrNoSocket},
			{"long read", Request{To: b.addr, Type: rpc.FindNode, Body: make([]byte, 1031)}, ErrTooLarge},
			{"long write", Request{To: b.addr, Type: rpc.Store, Body: make([]byte, 1189)}, ErrTooLarge},
		} {
			if err := a.Request(c.r); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.what, err, c.want)
			}
		}
		if s := a.Stats(); s.Outstanding != 0 {
			t.Errorf("%d outstanding after refusals", s.Outstanding)
		}
		a.ask(b.addr, rpc.Store, "x")
		if err := a.Request(Request{To: b.addr, ID: 77, Type: rpc.Store}); !errors.Is(err, ErrBusy) {
			t.Errorf("one waiting write too many: %v", err)
		}
		if err := a.Request(Request{To: b.addr, ID: a.next, Type: rpc.AppMessage}); !errors.Is(err, ErrBadRequest) {
			t.Errorf("two requests with one ID: %v", err)
		}
		w.settle()
		a.inbox()
		b.silent = true
		b.inbox()
		for range 4 {
			a.ask(b.addr, rpc.FindNode, "x")
		}
		if err := a.Request(Request{To: b.addr, ID: 78, Type: rpc.FindNode}); !errors.Is(err, ErrBusy) {
			t.Errorf("one request too many: %v", err)
		}
		w.settle()
		in := b.wantRequests(4)[0]
		if err := b.Reply(in.Reply, true, make([]byte, in.Room+1)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("long reply: %v", err)
		}
		if err := b.Reply(ReplyTo{}, true, nil); !errors.Is(err, ErrStale) {
			t.Errorf("reply to nothing: %v", err)
		}
		if err := b.Reply(in.Reply, true, make([]byte, in.Room)); err != nil {
			t.Errorf("longest reply: %v", err)
		}
		a.Close()
		if err := a.Request(Request{To: b.addr, ID: 79, Type: rpc.FindNode}); !errors.Is(err, ErrClosed) {
			t.Errorf("request after Close: %v", err)
		}
		b.Close()
		if err := b.Reply(in.Reply, true, nil); !errors.Is(err, ErrClosed) {
			t.Errorf("reply after Close: %v", err)
		}
	})
}

func TestBadConfig(t *testing.T) {
	conn := plainConn{listenUDP(t, "udp4", "127.0.0.1:0")}
	good := Config{Key: seedKey(1), Network: "test", Conns: []net.PacketConn{conn}, Handler: func(*Inbound) {}}
	for what, change := range map[string]func(*Config){
		"key":     func(c *Config) { c.Key = identity.Key{} },
		"conn":    func(c *Config) { c.Conns = nil },
		"handler": func(c *Config) { c.Handler = nil },
		"network": func(c *Config) { c.Network = "" },
	} {
		cfg := good
		change(&cfg)
		if _, err := New(cfg); !errors.Is(err, ErrBadConfig) {
			t.Errorf("without a %s: %v", what, err)
		}
	}
	tr, err := New(good)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // never started, closed twice
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	}
	tr.Start()
}

// A write that was given up unanswered may be tried again; one that was answered
// keeps its answer.
func TestAbandonedWriteIsNew(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a, b := w.peer(1), w.peer(2)
		w.meet(a, b)
		b.silent = true
		id := a.ask(b.addr, rpc.Store, "x")
		w.settle()
		b.Abandon(b.wantRequests(1)[0].Reply)
		a.again(b.addr, rpc.Store, "x", id, false)
		w.settle()
		in := b.wantRequests(1)[0]
		if err := b.Reply(in.Reply, true, []byte("done")); err != nil {
			t.Fatal(err)
		}
		b.Abandon(in.Reply)
		if err := b.Reply(in.Reply, true, []byte("twice")); !errors.Is(err, ErrStale) {
			t.Errorf("second reply: %v", err)
		}
		w.settle()
		a.wantAnswer(b.addr, id, "done")
	})
}
