package driver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/transport/memnet"
)

// Messages over the bound on handlers, or over the share of a subnet, come again later, and
// are not queued; a handler may use its node, and hears that the node closes.
func TestHandlersAreBounded(t *testing.T) {
	for _, c := range []struct {
		name    string
		sender  func(i int) string // its IP
		senders int
		each    int // messages that each sends
		want    int // handlers that run
	}{
		{"in all", func(i int) string { return publicIP(2 + i).String() }, 9, 33, 256},
		{"eight identities of a subnet", func(i int) string { return fmt.Sprintf("20.9.0.%d", 1+i) }, 8, 32, 32},
		{"a peer at a local address", func(int) string { return "10.0.0.1" }, 1, 256, 32},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := memnet.New(1, memnet.Conditions{Latency: time.Millisecond})
				one := on(t, network, 1, engine.Server)
				one.Handle("wait", func(ctx context.Context, from identity.Address, _ string, _ []byte) ([]byte, error) {
					if err := ping(ctx, one, from); err != nil {
						t.Errorf("Ping in a handler: %v", err)
					}
					<-ctx.Done()
					return nil, ctx.Err()
				})
				one.Handle("other", func(context.Context, identity.Address, string, []byte) ([]byte, error) { return nil, nil })
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				var waited atomic.Int32
				var sent sync.WaitGroup
				for i := range c.senders {
					two := onIP(t, network, c.sender(i), engine.Client, one)
					for range c.each {
						sent.Go(func() {
							if err := send(ctx, two, one.Addresses()[0], "wait"); errors.Is(err, context.DeadlineExceeded) {
								waited.Add(1)
							}
						})
					}
				}
				time.Sleep(10 * time.Second)
				if running := one.Stats().Handling; running != c.want {
					t.Errorf("%d handlers run, want %d", running, c.want)
				}
				three := on(t, network, 99, engine.Client, one)
				if err := send(ctx, three, one.Addresses()[0], "other"); c.senders < 9 && err != nil {
					t.Errorf("a message from elsewhere: %v", err)
				}
				sent.Wait()
				if n := int(waited.Load()); n != c.senders*c.each || one.Stats().NotHandled == 0 {
					t.Errorf("%d waited to the end, want %d; %d were to come again", n, c.senders*c.each, one.Stats().NotHandled)
				}
				one.Close()
				synctest.Wait()
				if h := &one.handling; h.running != 0 || len(h.shares) != 0 {
					t.Errorf("%d handlers are counted after the end, in %d shares", h.running, len(h.shares))
				}
			})
		})
	}
}

// Of a flood of messages few are handled, the others come again later; a message from
// elsewhere is handled beside it (design R8.49).
func TestFloodOfMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: time.Millisecond})
		one := on(t, network, 1, engine.Server)
		var handled atomic.Int32
		one.Handle("flood", func(context.Context, identity.Address, string, []byte) ([]byte, error) {
			handled.Add(1)
			return nil, nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var flood sync.WaitGroup
		two, three := on(t, network, 2, engine.Client, one), on(t, network, 3, engine.Client, one)
		for range 32 {
			flood.Go(func() {
				for send(ctx, two, one.Addresses()[0], "flood") == nil {
				}
			})
		}
		time.Sleep(9 * time.Second)
		begun := time.Now()
		if err := send(ctx, three, one.Addresses()[0], "flood"); err != nil || time.Since(begun) > 100*time.Millisecond {
			t.Errorf("a message from elsewhere: %v after %v", err, time.Since(begun))
		}
		flood.Wait()
		n, limited := handled.Load(), one.Stats().OverLimit
		t.Logf("%d messages handled in 10 s, %d times later", n, limited)
		if n < 1000 || n > 6001 || limited == 0 {
			t.Error("of one subnet 1,000 at once and 500 a second are to be handled")
		}
	})
}
