package kadmium

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/driver"
	"kadmium/transport/memnet"
)

// At level warn the log has what may need somebody: that the node is cut off, the limit that
// was reached, and the last line of a reason, with the number of those left out.
func TestLogAtWarn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		log, to := logTo(slog.LevelWarn)
		one := on(t, network, 1, Config{Mode: Server, Logger: to, Limits: Limits{Records: 4}, Handlers: map[string]Handler{
			"fail": func(context.Context, Message) ([]byte, error) { return nil, context.Canceled },
		}})
		two := on(t, network, 2, Config{Mode: Server}, one)
		for range 10 {
			_, _ = two.Send(t.Context(), one.Addresses()[0], "fail", nil)
			_, _ = two.Put(t.Context(), "/v/"+time.Now().String(), []byte("x"), PutOptions{Ephemeral: true})
		}
		time.Sleep(2 * time.Minute)
		wantLine(t, log, "limit reached: the store is full", "level=WARN", "times=")
		if found := log.lines("handler failed"); len(found) != 2 || !strings.Contains(found[1], "left_out=8") {
			t.Errorf("the failures of a handler: %q", found)
		}
		network.Partition(func(from, to netip.Addr) bool { return true })
		time.Sleep(2 * time.Minute)
		wantLine(t, log, "cut off", "level=WARN", "nobody has answered for")
		if strings.Contains(log.text(), "level=INFO") {
			t.Errorf("at warn:\n%s", log.text())
		}
	})
}

// At level error nobody reads of the node's life, and it asks nobody for it; the last line of
// a reason comes all the same.
func TestLogAtError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		log, to := logTo(slog.LevelError)
		limited := driver.NewLog(to.Handler(), time.Now).Logger()
		one := on(t, network, 1, Config{Mode: Server, Logger: limited})
		two := on(t, network, 2, Config{Mode: Server}, one)
		for range 3 {
			limited.Error("it fails")
		}
		time.Sleep(2 * time.Minute)
		if strings.Count(log.text(), "it fails") != 2 || !strings.Contains(log.text(), "left_out=1") {
			t.Errorf("at error:\n%s", log.text())
		}
		two.Close()
		time.Sleep(5 * time.Minute)
		if n := one.Stats().Counters["ready.probes"]; n != 0 {
			t.Errorf("%d PINGs for a log that nobody reads", n)
		}
	})
}

// A slowHandler waits for a reader that does not come until it is released.
type slowHandler struct {
	slog.Handler
	release chan struct{}
}

func (h slowHandler) Handle(ctx context.Context, r slog.Record) error {
	<-h.release
	return h.Handler.Handle(ctx, r)
}

// A user's slog.Handler that waits delays nothing but its own lines, which are told in order
// once it goes on; Close waits for it half a second at most.
func TestLogHandlerThatWaits(t *testing.T) {
	log, to := logTo(slog.LevelDebug)
	slow := slowHandler{to.Handler(), make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		one, err := New(Config{Listen: []string{"127.0.0.1:0"}, Mode: Server, Logger: slog.New(slow)})
		if err != nil {
			t.Error(err)
			return
		}
		two, err := New(Config{Listen: []string{"127.0.0.1:0"}, Mode: Server, Bootstrap: []string{one.Addresses()[0].String()}})
		if err != nil {
			t.Error(err)
			return
		}
		if err := two.Joined(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := one.Put(t.Context(), "/v/x", []byte("x"), PutOptions{}); err != nil {
			t.Error(err)
		}
		one.Stats()
		two.Close()
		one.Close()
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("a log that nobody reads has stopped the node")
	}
	close(slow.release)
	<-done
	for deadline := time.Now().Add(10 * time.Second); log.count("lookup ended") == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("once it is read the log has\n%s", log.text())
		}
	}
	if text := log.text(); !strings.Contains(strings.SplitN(text, "\n", 2)[0], "msg=listening") {
		t.Errorf("the lines are not in order:\n%s", text)
	}
}

// Ten panics a minute are logged with their stacks, also where the logger has its limit of a
// line a minute already, as that of `kad node` has.
func TestPanicsInALimitedLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: time.Millisecond})
		log, to := logTo(slog.LevelInfo)
		one := on(t, network, 1, Config{
			Mode: Server, Logger: driver.NewLog(to.Handler(), time.Now).Logger().With("node", 0),
			Handlers: map[string]Handler{"panic": panickingHandler},
		})
		two := on(t, network, 2, Config{Mode: Server}, one)
		for range 15 {
			_, _ = two.Send(t.Context(), one.Addresses()[0], "panic", nil)
		}
		synctest.Wait()
		if n := log.count("panickingHandler"); n != 10 {
			t.Errorf("%d panics are logged with their stack, want 10", n)
		}
	})
}
