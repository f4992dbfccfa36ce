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
		{strings.Repeat("p", rpc.MaxProtocol+1), nil, ErrTooLarge},
		{"", nil, ErrBadOption},
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
