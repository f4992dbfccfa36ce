package driver

import (
	"time"
)

// A timer is the one timer of a driver: it runs fire when the engine's next Tick is
// due. d.mu guards it.
type timer struct {
	afterFunc func(time.Duration, func()) func() bool
	fire      func()

	armed  bool
	at     time.Time
	cancel func() bool
}

// set has fire run at the given time, or at once if that has passed; zero is never. A timer
// that will fire too early is left as it is: most engine calls make the next Tick a little
// later, and one unnecessary wake-up costs less than setting a timer for each datagram.
func (t *timer) set(now, at time.Time) {
	if at.IsZero() || t.armed && !at.Before(t.at) {
		return
	}
	t.stop()
	if at.Before(now) {
		at = now // a task that is overdue from its beginning is no late timer
	}
	t.armed, t.at = true, at
	t.cancel = t.afterFunc(at.Sub(now), t.fire)
}

// due reports whether a run of fire came in time. One whose timer was stopped too late
// did not. Nor did one whose clock was slowed or set back while it waited, which
// happens to what was loaded from disk, due by the wall clock; the timer is then set
// again.
func (t *timer) due(now time.Time) bool {
	if t.armed && now.Before(t.at) {
		t.cancel()
		t.cancel = t.afterFunc(max(t.at.Sub(now), time.Millisecond), t.fire) // a coarse clock must not spin
		return false
	}
	t.armed = false
	return true
}

// late is how long ago fire should have run.
func (t *timer) late(now time.Time) time.Duration {
	if !t.armed {
		return 0
	}
	return now.Sub(t.at)
}

func (t *timer) stop() {
	if t.armed {
		t.armed = false
		t.cancel()
	}
}
