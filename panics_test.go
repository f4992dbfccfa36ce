package kadmium

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/transport/memnet"
)

// A lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) count(s string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Count(b.buf.String(), s)
}

func panickingHandler(context.Context, Message) ([]byte, error) { panic("out of order") }

// A handler's panic ends its message and nothing else: the sender is told, the log has the
// stack of ten in a minute, and the counter all.
func TestHandlerPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: time.Millisecond})
		log := new(lockedBuffer)
		one := on(t, network, 1, Config{Mode: Server, Logger: slog.New(slog.NewTextHandler(log, nil)), Handlers: map[string]Handler{
			"panic": panickingHandler,
			"index": func(_ context.Context, m Message) ([]byte, error) { return m.Payload[1:], nil },
			"leave": func(context.Context, Message) ([]byte, error) { runtime.Goexit(); return nil, nil },
			"echo":  echoPayload,
		}})
		two := on(t, network, 2, Config{Mode: Server}, one)
		send := func(protocol string, want error) {
			t.Helper()
			if _, err := two.Send(t.Context(), one.Addresses()[0], protocol, nil); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", protocol, err, want)
			}
		}
		for range 15 {
			send("panic", ErrHandlerFailed)
		}
		if n := log.count("panickingHandler"); n != 10 {
			t.Errorf("%d panics are logged with their stack, want 10", n)
		}
		time.Sleep(time.Minute)
		send("index", ErrHandlerFailed)
		if log.count("out of range") != 1 {
			t.Error("a minute later none is logged")
		}
		send("leave", ErrHandlerFailed)
		send("echo", nil)
		stats := one.Stats()
		if stats.Counters["panics"] != 16 || stats.Gauges["messages.handling"] != 0 {
			t.Errorf("%d panics, %d handlers run; want 16 and 0", stats.Counters["panics"], stats.Gauges["messages.handling"])
		}
	})
}

// fragile is a namespace whose validator cannot take some values.
type fragile struct{ evenLength }

func (f fragile) Validate(_ string, value []byte) error {
	if bytes.HasPrefix(value, []byte("bad")) {
		panic("cannot validate")
	}
	return nil
}

func (f fragile) Select(key string, values [][]byte) (int, error) {
	for _, v := range values {
		if bytes.HasPrefix(v, []byte("odd")) {
			panic("cannot select")
		}
	}
	return f.evenLength.Select(key, values)
}

// A record at which its validator panics is refused, where it is put and where it is held,
// and the node lives.
func TestValidatorPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: time.Millisecond})
		log := new(lockedBuffer)
		one := on(t, network, 1, Config{Mode: Server, Logger: slog.New(slog.NewTextHandler(log, nil)), Namespaces: map[string]Validator{"x": fragile{}}})
		two := on(t, network, 2, Config{Mode: Client, Namespaces: map[string]Validator{"x": taking{}}}, one)
		put := func(n *Node, key, value string, want error) {
			t.Helper()
			if _, err := n.Put(t.Context(), key, []byte(value), PutOptions{Ephemeral: true}); !errors.Is(err, want) {
				t.Errorf("put %s %s: %v, want %v", key, value, err, want)
			}
		}
		put(two, "/x/a", "bad", ErrInvalid)
		put(one, "/x/a", "bad", ErrInvalid)
		put(two, "/x/a", "good", nil)
		put(two, "/x/a", "odd value", ErrInvalid) // though its sequence is higher
		if got, err := two.Get(t.Context(), "/x/a", GetOptions{}); err != nil || string(got.Value) != "good" {
			t.Errorf("get: %q, %v", got.Value, err)
		}
		put(two, "/x/b", "odd", nil) // there is nothing to compare it with
		put(two, "/x/b", "good", nil)
		if got, err := two.Get(t.Context(), "/x/b", GetOptions{}); err != nil || string(got.Value) != "good" {
			t.Errorf("get: %q, %v", got.Value, err)
		}
		if one.Stats().Counters["panics"] < 5 || log.count("fragile") == 0 {
			t.Errorf("%d panics, logged %s", one.Stats().Counters["panics"], &log.buf)
		}
	})
}

// taking is a namespace that takes everything.
type taking struct{}

func (taking) Validate(string, []byte) error                 { return nil }
func (taking) Select(_ string, values [][]byte) (int, error) { return 0, nil }
