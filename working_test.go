package kadmium

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/identity"
	"kadmium/transport/memnet"
)

// inSlowWorld has a node whose handlers of "slow" take as long as the message says, and one
// that sends to it.
func inSlowWorld(t *testing.T, f func(t *testing.T, network *memnet.Network, one, two *Node, runs *int)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		one := on(t, network, 1, Config{Mode: Server})
		two := on(t, network, 2, Config{Mode: Server}, one)
		runs := 0
		one.Handle("slow", func(ctx context.Context, m Message) ([]byte, error) {
			runs++
			d, err := time.ParseDuration(string(m.Payload))
			if err != nil {
				return nil, err
			}
			select {
			case <-time.After(d):
				return []byte("done after " + d.String()), nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		})
		f(t, network, one, two, &runs)
	})
}

// A handler that takes 7 s, or 9 minutes, is answered with its result, soon after it is
// there: the sender polls.
func TestSlowHandler(t *testing.T) {
	inSlowWorld(t, func(t *testing.T, network *memnet.Network, one, two *Node, runs *int) {
		for _, takes := range []time.Duration{490 * time.Millisecond, 510 * time.Millisecond, 7 * time.Second, 9 * time.Minute} {
			*runs = 0
			datagrams := 0
			network.Tap(func(from, to netip.AddrPort, datagram []byte) { datagrams++ })
			began := time.Now()
			reply, err := two.Send(t.Context(), one.Addresses()[0], "slow", []byte(takes.String()))
			took := time.Since(began)
			if err != nil || string(reply.Payload) != "done after "+takes.String() || *runs != 1 {
				t.Errorf("%v: %q, %v after %d runs", takes, reply.Payload, err, *runs)
			}
			if late := took - takes; late < 0 || late > 5500*time.Millisecond {
				t.Errorf("%v: the answer came after %v", takes, took)
			}
			if most := 14 + int(2*takes/(5*time.Second)); datagrams > most {
				t.Errorf("%v: %d datagrams, want %d at most", takes, datagrams, most)
			}
		}
	})
}

// Polls get through loss, and to a receiver that has begun new sessions.
func TestSlowHandlerAndLoss(t *testing.T) {
	inSlowWorld(t, func(t *testing.T, network *memnet.Network, one, two *Node, runs *int) {
		time.AfterFunc(time.Second, func() {
			network.Set(memnet.Conditions{Latency: 10 * time.Millisecond, Loss: 0.1, Duplicate: 0.1})
		})
		time.AfterFunc(5*time.Second, one.Rekey)
		reply, err := two.Send(t.Context(), one.Addresses()[0], "slow", []byte("1m"))
		if err != nil || string(reply.Payload) != "done after 1m0s" || *runs != 1 {
			t.Errorf("%q, %v after %d runs", reply.Payload, err, *runs)
		}
	})
}

// A handler has 10 minutes: then its context ends, and the message has failed.
func TestHandlerHasTenMinutes(t *testing.T) {
	inSlowWorld(t, func(t *testing.T, network *memnet.Network, one, two *Node, runs *int) {
		one.Handle("deaf", func(context.Context, Message) ([]byte, error) {
			time.Sleep(15 * time.Minute)
			return []byte("too late"), nil
		})
		for _, to := range []identity.Address{one.Addresses()[0], two.Addresses()[0]} {
			for _, protocol := range []string{"slow", "deaf"} {
				if to == two.Addresses()[0] {
					two.Handle(protocol, func(ctx context.Context, _ Message) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() })
				}
				began := time.Now()
				_, err := two.Send(t.Context(), to, protocol, []byte("11m"))
				if took := time.Since(began); !errors.Is(err, ErrHandlerFailed) || took < 10*time.Minute || took > 10*time.Minute+10*time.Second {
					t.Errorf("%s: %v after %v", protocol, err, took)
				}
			}
		}
		time.Sleep(10 * time.Minute)
	})
}

// The sender waits until its context ends; the handler goes on.
func TestSlowHandlerAndTheSendersContext(t *testing.T) {
	inSlowWorld(t, func(t *testing.T, network *memnet.Network, one, two *Node, runs *int) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if _, err := two.Send(ctx, one.Addresses()[0], "slow", []byte("7s")); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		synctest.Wait()
		if s := one.Stats(); s.Gauges["messages.handling"] != 1 || *runs != 1 {
			t.Errorf("%d handlers run, %d ran", s.Gauges["messages.handling"], *runs)
		}
		time.Sleep(5 * time.Second)
		if s := two.Stats(); s.Gauges["requests.outstanding"] != 0 || one.Stats().Gauges["writes.remembered"] != 1 {
			t.Errorf("left behind: %v", s.Gauges)
		}
	})
}

// A receiver that is started again, with its key, no longer knows the message: the sender
// is told so, and the handler does not run again.
func TestRestartOfTheReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		two := on(t, network, 2, Config{Mode: Server})
		runs := 0
		slow := map[string]Handler{"slow": func(ctx context.Context, _ Message) ([]byte, error) {
			runs++
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		key := identity.KeyFromSeed([32]byte{7})
		one := on(t, network, 1, Config{Mode: Server, Key: key, Handlers: slow}, two)
		time.AfterFunc(5*time.Second, func() {
			one.Close()
			on(t, network, 1, Config{Mode: Server, Key: key, Handlers: slow}, two)
		})
		_, err := two.Send(t.Context(), one.Addresses()[0], "slow", nil)
		synctest.Wait()
		if !errors.Is(err, ErrNoAnswer) || !strings.Contains(err.Error(), "no longer knows it") || runs != 1 {
			t.Errorf("%v after %d runs", err, runs)
		}
	})
}
