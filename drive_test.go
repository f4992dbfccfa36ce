package kadmium

import (
	"errors"
	"net/netip"
	"runtime"
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

func TestWakeSetsFewTimers(t *testing.T) {
	clock := &fakeClock{now: time.Unix(1000, 0)}
	var w wake
	at := func(seconds int) time.Time { return clock.now.Add(time.Duration(seconds) * time.Second) }
	arrange := func(at time.Time) { w.arrange(clock, clock.now, at, nil) }

	arrange(time.Time{})
	if clock.set != 0 {
		t.Fatal("a timer for never")
	}
	arrange(at(10))
	arrange(at(20)) // later: the timer that stands will do
	if clock.set != 1 || clock.due != 10*time.Second {
		t.Fatalf("%d timers, the last in %v", clock.set, clock.due)
	}
	arrange(at(5))
	if clock.set != 2 || clock.due != 5*time.Second {
		t.Fatalf("%d timers, the last in %v", clock.set, clock.due)
	}
	if w.fired(clock, at(4), nil) {
		t.Error("a timer that was stopped too late counts")
	}
	if clock.set != 3 || clock.due != time.Second || !clock.armed {
		t.Errorf("after a timer that was early: %d timers, the last in %v", clock.set, clock.due)
	}
	if !w.fired(clock, at(5), nil) {
		t.Error("the timer does not count")
	}
	arrange(at(-1)) // overdue
	if clock.set != 4 || clock.due != 0 {
		t.Errorf("%d timers, the last in %v", clock.set, clock.due)
	}
	w.stop()
	if clock.armed {
		t.Error("not stopped")
	}
}

func TestRepliesAreBounded(t *testing.T) {
	n := start(t, Config{})
	r := &n.replies
	n.mu.Lock()
	defer n.mu.Unlock()
	first := r.receive(transport.ReplyTo{})
	if _, ok := r.take(first); !ok {
		t.Error("no reply to the request at hand")
	}
	if _, ok := r.take(first); ok {
		t.Error("a second reply")
	}
	r.received()
	var tokens []uint64
	for range maxReplies + 10 {
		tokens = append(tokens, r.receive(transport.ReplyTo{}))
		r.received()
	}
	if len(r.waiting) != maxReplies {
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
func TestSweepKeepsWhatIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New(1, memnet.Conditions{Latency: time.Millisecond})
		one := on(t, network, 1, Config{Mode: Server})
		two := on(t, network, 2, Config{Mode: Server}, one)
		one.mu.Lock()
		for i := range 3 * minSweep {
			endpoint := netip.AddrPortFrom(publicIP(100+i%50000), 1)
			one.book.Intern(identity.Address{ID: identity.ID{byte(i), byte(i >> 8)}, Endpoint: endpoint})
		}
		waiting := one.book.Intern(identity.Address{ID: identity.ID{0xff}, Endpoint: netip.AddrPortFrom(publicIP(1), 1)})
		named := one.book.Intern(identity.Address{ID: identity.ID{0xfe}, Endpoint: netip.AddrPortFrom(publicIP(1), 1)})
		a := &arrival{Inbound: engine.Inbound{From: waiting, Message: &rpc.Message{Contacts: []identity.Contact{named}}}}
		one.checks.running = append(one.checks.running, a)
		one.step(one.engine.Tick)
		if n := one.book.Len(); n > 10 {
			t.Errorf("%d contacts are still known", n)
		}
		if one.book.Address(waiting).ID != (identity.ID{0xff}) || one.book.Address(named).ID != (identity.ID{0xfe}) {
			t.Error("a message that is being checked has lost its contacts")
		}
		one.checks.running = nil
		one.mu.Unlock()
		if _, err := one.FindPeer(t.Context(), two.ID()); err != nil {
			t.Errorf("after a sweep: %v", err)
		}
	})
}

// Messages over the bound on checks are dropped and counted.
func TestChecksAreBounded(t *testing.T) {
	n := start(t, Config{})
	n.mu.Lock()
	n.checks.workers = runtime.GOMAXPROCS(0) // all are busy
	for range maxChecks + 3 {
		n.check(&arrival{})
	}
	n.checks.waiting, n.checks.workers = nil, 0
	n.mu.Unlock()
	if dropped := n.Stats().Counters["checks.dropped"]; dropped != 3 {
		t.Errorf("%d dropped, want 3", dropped)
	}
}

func TestStatusesBecomeErrors(t *testing.T) {
	for status, want := range map[rpc.Status]error{
		rpc.Older:     ErrOlder,
		rpc.Conflict:  ErrConflict,
		rpc.Full:      ErrFull,
		rpc.Invalid:   ErrInvalid,
		rpc.TooLarge:  ErrTooLarge,
		rpc.NoHandler: ErrNoHandler,
		rpc.Unproven:  ErrRefused,
		rpc.Failed:    ErrRefused,
	} {
		err := publicError(&engine.StatusError{Status: status})
		if !errors.Is(err, want) || !errors.Is(err, ErrRefused) {
			t.Errorf("%v: %v", status, err)
		}
	}
	if publicError(nil) != nil || publicError(ErrNotFound) != ErrNotFound {
		t.Error("other errors are changed")
	}
}
