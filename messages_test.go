package kadmium

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/transport/memnet"
)

func echoPayload(_ context.Context, m Message) ([]byte, error) { return m.Payload, nil }

func TestMessages(t *testing.T) {
	one := start(t, Config{})
	two := start(t, Config{}, one)
	to := two.Addresses()[0]
	two.Handle("echo", echoPayload)
	two.Handle("fail", func(context.Context, Message) ([]byte, error) { return nil, errors.New("no") })
	two.Handle("long", func(context.Context, Message) ([]byte, error) { return make([]byte, rpc.MaxPayload+1), nil })
	for _, c := range []struct {
		protocol string
		payload  []byte
		want     error
	}{
		{"echo", []byte("x"), nil},
		{"echo", nil, nil},
		{"echo", make([]byte, rpc.MaxPayload), nil},
		{"echo", make([]byte, rpc.MaxPayload+1), ErrTooLarge},
		{strings.Repeat("p", rpc.MaxProtocol+1), nil, ErrBadProtocol},
		{"", nil, ErrBadProtocol},
		{"a\xff", nil, ErrBadProtocol},
		{"fail", nil, ErrHandlerFailed},
		{"long", nil, ErrHandlerFailed},
		{"other", nil, ErrNoHandler},
	} {
		reply, err := one.Send(t.Context(), to, c.protocol, c.payload)
		if !errors.Is(err, c.want) {
			t.Errorf("%q with %d bytes: %v, want %v", c.protocol, len(c.payload), err, c.want)
		}
		if c.want == nil && (!bytes.Equal(reply.Payload, c.payload) || reply.From != to || reply.RTT <= 0) {
			t.Errorf("%q with %d bytes: reply %+v", c.protocol, len(c.payload), reply)
		}
	}

	two.Handle("", func(_ context.Context, m Message) ([]byte, error) {
		if m.From != one.Addresses()[0] {
			t.Errorf("from %v, want %v", m.From, one.Addresses()[0])
		}
		return []byte("any " + m.Protocol), nil
	})
	// An address without an ID: whichever peer is there.
	if reply, err := one.Send(t.Context(), identity.Address{Endpoint: to.Endpoint}, "other", nil); err != nil || string(reply.Payload) != "any other" {
		t.Errorf("the empty protocol's handler: %q, %v", reply.Payload, err)
	}
	two.Handle("", nil)
	if _, err := one.Send(t.Context(), to, "other", nil); !errors.Is(err, ErrNoHandler) {
		t.Errorf("after the handler was removed: %v", err)
	}
	if _, err := one.Send(t.Context(), identity.Address{}, "echo", nil); !errors.Is(err, ErrBadAddress) {
		t.Errorf("to nobody: %v", err)
	}
	if _, err := one.Send(t.Context(), identity.Address{ID: identity.ID{9}}, "echo", nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("to an unknown peer: %v", err)
	}
}

// A handler runs once a message, though its reply takes longer than the sender's
// retransmission timeout, and though each datagram comes twice.
func TestHandlerRunsOncePerMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond, Duplicate: 1})
		one := on(t, network, 1, Config{Mode: Server})
		two := on(t, network, 2, Config{Mode: Server}, one)
		runs := 0
		one.Handle("slow", func(context.Context, Message) ([]byte, error) {
			runs++
			time.Sleep(2500 * time.Millisecond)
			return []byte("done"), nil
		})
		reply, err := two.Send(t.Context(), one.Addresses()[0], "slow", nil)
		if err != nil || string(reply.Payload) != "done" || runs != 1 {
			t.Errorf("%q, %v after %d runs", reply.Payload, err, runs)
		}
	})
}

// Protocols are UTF-8 of 1 to 64 bytes, wherever they are named.
func TestProtocolNames(t *testing.T) {
	n := start(t, Config{})
	for name, want := range map[string]error{
		"a": nil, strings.Repeat("\u00e4", rpc.MaxProtocol/2): nil, "\x00": nil,
		"a\xff": ErrBadProtocol, strings.Repeat("a", rpc.MaxProtocol+1): ErrBadProtocol, "\xed\xa0\x80": ErrBadProtocol,
	} {
		if err := n.Handle(name, echoPayload); !errors.Is(err, want) {
			t.Errorf("Handle %q: %v, want %v", name, err, want)
		}
		if _, err := n.Send(t.Context(), n.Addresses()[0], name, nil); !errors.Is(err, want) {
			t.Errorf("Send %q: %v, want %v", name, err, want)
		}
		other, err := New(Config{Listen: []string{"127.0.0.1:0"}, Handlers: map[string]Handler{name: echoPayload}})
		if !errors.Is(err, want) || want != nil && !errors.Is(err, ErrBadConfig) {
			t.Errorf("New with %q: %v, want %v", name, err, want)
		}
		if err == nil {
			other.Close()
		}
	}
}

// A message to oneself runs the handler, with the errors and limits of one from afar.
func TestSendToOneself(t *testing.T) {
	n := start(t, Config{})
	self := n.Addresses()[0]
	for protocol, h := range map[string]Handler{
		"echo":  echoPayload,
		"from":  func(_ context.Context, m Message) ([]byte, error) { return []byte(m.From.String() + m.Protocol), nil },
		"fail":  func(context.Context, Message) ([]byte, error) { return nil, errors.New("no") },
		"long":  func(context.Context, Message) ([]byte, error) { return make([]byte, rpc.MaxPayload+1), nil },
		"panic": func(context.Context, Message) ([]byte, error) { panic("no") },
	} {
		n.Handle(protocol, h)
	}
	for _, c := range []struct {
		protocol, payload, want string
		err                     error
	}{
		{"echo", "x", "x", nil},
		{"echo", strings.Repeat("x", rpc.MaxPayload+1), "", ErrTooLarge},
		{"from", "", self.String() + "from", nil},
		{"fail", "x", "", ErrHandlerFailed},
		{"long", "x", "", ErrHandlerFailed},
		{"panic", "x", "", ErrHandlerFailed},
		{"none", "x", "", ErrNoHandler},
	} {
		for _, to := range []identity.Address{self, {ID: self.ID}, {Endpoint: self.Endpoint}} {
			reply, err := n.Send(t.Context(), to, c.protocol, []byte(c.payload))
			if !errors.Is(err, c.err) || string(reply.Payload) != c.want {
				t.Errorf("%s to %v: %q, %v; want %q, %v", c.protocol, to, reply.Payload, err, c.want, c.err)
			}
		}
	}

	n.Handle("wait", func(ctx context.Context, _ Message) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := n.Send(ctx, self, "wait", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a context that ended: %v", err)
	}
	n.Handle("close", func(context.Context, Message) ([]byte, error) { return nil, n.Close() })
	if _, err := n.Send(t.Context(), self, "close", nil); err != nil && !errors.Is(err, ErrClosed) {
		t.Errorf("a handler that closes the node: %v", err)
	}
	if _, err := n.Send(t.Context(), self, "echo", nil); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed node: %v", err)
	}
}
