package kadmium

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/transport/memnet"
)

// 1,000 sends at once to a handler that takes 50 ms, with a session and without: each runs
// exactly once, and all succeed (wire.md, section 4).
func TestThousandSendsAtOnce(t *testing.T) {
	for _, met := range []bool{true, false} {
		t.Run(fmt.Sprint("met=", met), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
				one := on(t, network, 1, Config{Mode: Server})
				two := on(t, network, 2, Config{Mode: Server}, one)
				if !met {
					two.Rekey()
				}
				var mu sync.Mutex
				runs := make(map[string]int)
				one.Handle("slow", func(_ context.Context, m Message) ([]byte, error) {
					mu.Lock()
					runs[string(m.Payload)]++
					mu.Unlock()
					time.Sleep(50 * time.Millisecond)
					return m.Payload, nil
				})
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				failed := make(map[string]int)
				var sent sync.WaitGroup
				for i := range 1000 {
					sent.Go(func() {
						payload := fmt.Sprint(i)
						reply, err := two.Send(ctx, one.Addresses()[0], "slow", []byte(payload))
						if err == nil && string(reply.Payload) == payload {
							return
						}
						mu.Lock()
						defer mu.Unlock()
						failed[fmt.Sprint(err)]++
					})
				}
				sent.Wait()
				twice := 0
				for _, n := range runs {
					if n > 1 {
						twice++
					}
				}
				if twice > 0 || len(failed) > 0 || len(runs) != 1000 {
					t.Errorf("%d handlers ran, %d of them twice or more; failed: %v", len(runs), twice, failed)
				}
			})
		})
	}
}

// A steady stream of one peer's messages is not held to its share of the memory.
func TestSteadyStreamOfMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: time.Millisecond})
		one := on(t, network, 1, Config{Mode: Server})
		two := on(t, network, 2, Config{Mode: Server}, one)
		one.Handle("echo", echoPayload)
		began := time.Now()
		for i := range 1000 {
			if _, err := two.Send(t.Context(), one.Addresses()[0], "echo", nil); err != nil {
				t.Fatalf("message %d: %v", i, err)
			}
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("1,000 messages took %v", took)
		}
		if s := one.Stats(); s.Counters["writes.later"] > 0 || s.Gauges["writes.remembered"] > 2 {
			t.Errorf("%d answered later, %d remembered", s.Counters["writes.later"], s.Gauges["writes.remembered"])
		}
	})
}

// A message whose answers are lost runs once, also if a later try comes under another
// session, and gets the first answer.
func TestRetryUnderARenewedSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		one := on(t, network, 1, Config{Mode: Server})
		two := on(t, network, 2, Config{Mode: Server}, one)
		runs := 0
		one.Handle("count", func(context.Context, Message) ([]byte, error) {
			runs++
			return []byte{byte(runs)}, nil
		})
		network.Partition(func(from, to netip.Addr) bool { return from == publicIP(1) && to == publicIP(2) })
		time.AfterFunc(2*time.Second, func() {
			one.Rekey()
			two.Rekey()
			network.Partition(nil)
		})
		reply, err := two.Send(t.Context(), one.Addresses()[0], "count", nil)
		if err != nil || string(reply.Payload) != "\x01" || runs != 1 {
			t.Errorf("%v, %v after %d runs", reply.Payload, err, runs)
		}
	})
}
