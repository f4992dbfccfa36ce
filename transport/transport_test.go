package transport

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"kadmium/identity"
	"kadmium/rpc"
)

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
