package driver

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/transport"
	"kadmium/transport/memnet"
)

// fakeClock counts the timers that are set.
type fakeClock struct {
	now   time.Time
	set   int
	due   time.Duration
	armed bool
}

func (c *fakeClock) Now() time.Time { return c.now }

func (c *fakeClock) AfterFunc(d time.Duration, _ func()) func() bool {
	c.set++
	c.due, c.armed = d, true
	return func() bool { c.armed = false; return true }
}

func TestTimerIsSetSeldom(t *testing.T) {
	clock := &fakeClock{now: time.Unix(1000, 0)}
	w := timer{afterFunc: clock.AfterFunc}
	at := func(seconds int) time.Time { return clock.now.Add(time.Duration(seconds) * time.Second) }
	set := func(at time.Time) { w.set(clock.now, at) }

	set(time.Time{})
	if clock.set != 0 {
		t.Fatal("a timer for never")
	}
	set(at(10))
	set(at(20)) // later: the timer that stands will do
	if clock.set != 1 || clock.due != 10*time.Second {
		t.Fatalf("%d timers, the last in %v", clock.set, clock.due)
	}
	set(at(5))
	if clock.set != 2 || clock.due != 5*time.Second {
		t.Fatalf("%d timers, the last in %v", clock.set, clock.due)
	}
	if w.due(at(4)) {
		t.Error("a timer that was stopped too late counts")
	}
	if clock.set != 3 || clock.due != time.Second || !clock.armed {
		t.Errorf("after a timer that was early: %d timers, the last in %v", clock.set, clock.due)
	}
	if !w.due(at(5)) {
		t.Error("the timer does not count")
	}
	set(at(-1)) // overdue
	if clock.set != 4 || clock.due != 0 {
		t.Errorf("%d timers, the last in %v", clock.set, clock.due)
	}
	w.stop()
	if clock.armed {
		t.Error("not stopped")
	}
}

func TestPendingRepliesAreBounded(t *testing.T) {
	var r pendingReplies
	first := r.begin(transport.ReplyTo{})
	if _, ok := r.take(first); !ok {
		t.Error("no reply to the request at hand")
	}
	if _, ok := r.take(first); ok {
		t.Error("a second reply")
	}
	r.keep()
	var tokens []uint64
	for range maxPendingReplies + 10 {
		tokens = append(tokens, r.begin(transport.ReplyTo{}))
		r.keep()
	}
	if len(r.waiting) != maxPendingReplies {
		t.Errorf("%d wait", len(r.waiting))
	}
	for i, token := range tokens {
		if _, ok := r.take(token); ok != (i >= 10) {
			t.Fatalf("request %d: %v", i, ok)
		}
	}
	if len(r.waiting) != 0 {
		t.Errorf("%d still wait", len(r.waiting))
	}
}

// The contact book forgets whom nothing refers to, and keeps whom anything does.
func TestCollectingKeepsWhatIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: time.Millisecond})
		one := on(t, network, 1, engine.Server)
		two := on(t, network, 2, engine.Server, one)
		one.mu.Lock()
		for i := range 3 * minCollected {
			endpoint := netip.AddrPortFrom(publicIP(100+i%50000), 1)
			one.book.Intern(identity.Address{ID: identity.ID{byte(i), byte(i >> 8)}, Endpoint: endpoint})
		}
		waiting := one.book.Intern(identity.Address{ID: identity.ID{0xff}, Endpoint: netip.AddrPortFrom(publicIP(1), 1)})
		named := one.book.Intern(identity.Address{ID: identity.ID{0xfe}, Endpoint: netip.AddrPortFrom(publicIP(1), 1)})
		a := &arrival{Inbound: engine.Inbound{From: waiting, Message: &rpc.Message{Contacts: []identity.Contact{named}}}}
		one.validations.running = append(one.validations.running, a)
		one.step(one.engine.Tick)
		if n := one.book.Len(); n > 10 {
			t.Errorf("%d contacts are still known", n)
		}
		if one.book.Address(waiting).ID != (identity.ID{0xff}) || one.book.Address(named).ID != (identity.ID{0xfe}) {
			t.Error("a message that is being checked has lost its contacts")
		}
		one.validations.running = nil
		one.mu.Unlock()
		if err := findPeer(t.Context(), one, two.ID()); err != nil {
			t.Errorf("after contacts were collected: %v", err)
		}
	})
}

// An operation ends with its context, and nothing is left of it.
func TestContextEndsAnOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: 10 * time.Millisecond})
		one := on(t, network, 1, engine.Server)
		nowhere := identity.Address{Endpoint: netip.AddrPortFrom(publicIP(9), 4100)}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := ping(ctx, one, nowhere); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ping: %v", err)
		}
		one.mu.Lock()
		defer one.mu.Unlock()
		if len(one.operations) != 0 || one.engine.Stats().Operations != 0 {
			t.Errorf("%d operations are left, %d of the engine's", len(one.operations), one.engine.Stats().Operations)
		}
	})
}
