package kadmium

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/identity"
	"kadmium/transport/memnet"
)

// hasty is a clock whose timers are early by a millisecond, as they are for a time
// of the wall clock that is being slowed down.
type hasty struct{ systemClock }

func (c hasty) AfterFunc(d time.Duration, f func()) func() bool {
	return c.systemClock.AfterFunc(max(d-time.Millisecond, d/2), f)
}

func TestEarlyTimersStopNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := on(t, memnet.New(1, memnet.Conditions{}), 1, Config{Mode: Server, Clock: hasty{}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := n.Ping(ctx, nowhere); !errors.Is(err, ErrNoAnswer) {
			t.Errorf("Ping: %v", err)
		}
	})
}

func TestMappedAddressesReachTheirPeers(t *testing.T) {
	one := start(t, Config{})
	two := start(t, Config{})
	one.Handle("echo", echoPayload)
	to := one.Addresses()[0]
	to.Endpoint = netip.AddrPortFrom(netip.AddrFrom16(to.Endpoint.Addr().As16()), to.Endpoint.Port())
	if pong, err := two.Ping(t.Context(), identity.Address{Endpoint: to.Endpoint}); err != nil || pong.Address != one.Addresses()[0] {
		t.Errorf("Ping: %+v, %v", pong, err)
	}
	if _, err := two.Send(t.Context(), to, "echo", nil); err != nil {
		t.Errorf("Send: %v", err)
	}
}

// A reader of a stream may leave by runtime.Goexit, as t.FailNow does.
func TestStreamEndsWithItsReadersGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes := servers(t, memnet.New(1, memnet.Conditions{Latency: 5 * time.Millisecond}), 5)
		for _, n := range nodes[1:] {
			hold(t, n, "/v/k", "value", 1)
		}
		var reader sync.WaitGroup
		reader.Go(func() {
			defer func() { recover() }()
			for range nodes[0].Watch(t.Context(), "/v/k") {
				panic("enough")
			}
		})
		reader.Wait()
		if left := nodes[0].Stats().Gauges["operations"]; left != 0 {
			t.Errorf("%d operations are left", left)
		}
	})
}
