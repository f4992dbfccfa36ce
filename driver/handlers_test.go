package driver

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/transport/memnet"
)

// Messages over the bound on handlers come again later, and are not queued; a handler may use
// its node, and hears that the node closes.
func TestHandlersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: time.Millisecond})
		one := on(t, network, 1, engine.Server)
		two := on(t, network, 2, engine.Server, one)
		one.Handle("wait", func(ctx context.Context, from identity.Address, _ string, _ []byte) ([]byte, error) {
			if err := ping(ctx, one, from); err != nil {
				t.Errorf("Ping in a handler: %v", err)
			}
			<-ctx.Done()
			return nil, ctx.Err()
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		waited := 0
		var mu sync.Mutex
		var sent sync.WaitGroup
		for range maxHandling + 5 {
			sent.Go(func() {
				err := send(ctx, two, one.Addresses()[0], "wait")
				mu.Lock()
				defer mu.Unlock()
				if errors.Is(err, context.DeadlineExceeded) {
					waited++
				}
			})
		}
		sent.Wait()
		if s := two.Stats().Engine.Counters; waited != maxHandling+5 || s.Postponed == 0 || s.Polls == 0 {
			t.Errorf("%d waited to the end, %d times put off, %d polls", waited, s.Postponed, s.Polls)
		}
		if running := one.Stats().Handling; running != maxHandling {
			t.Errorf("%d handlers run, want %d", running, maxHandling)
		}
		one.Close()
	})
}
