package kadmium

import (
	"time"
)

// A wake is the one timer of a node: it calls for the engine's next Tick. n.mu
// guards it.
type wake struct {
	armed  bool
	at     time.Time
	cancel func() bool
}

// arrange has tick called at the given time; zero is never. A timer that will
// fire too early is left to: most calls put the next Tick off by a little, and
// waking once in vain costs less than setting a timer for each datagram.
func (w *wake) arrange(clock Clock, now, at time.Time, tick func()) {
	if at.IsZero() || w.armed && !at.Before(w.at) {
		return
	}
	w.stop()
	w.armed, w.at = true, at
	w.cancel = clock.AfterFunc(max(at.Sub(now), 0), tick)
}

// fired reports whether the call to tick is due. One that was stopped too late is
// not; nor is one whose clock was slowed or set back while it waited, which happens
// to what was loaded from disk, due by the wall clock. The timer is then set again.
func (w *wake) fired(clock Clock, now time.Time, tick func()) bool {
	if w.armed && now.Before(w.at) {
		w.cancel()
		w.cancel = clock.AfterFunc(max(w.at.Sub(now), time.Millisecond), tick) // a coarse clock must not spin
		return false
	}
	w.armed = false
	return true
}

func (w *wake) stop() {
	if w.armed {
		w.armed = false
		w.cancel()
	}
}

// tick is the timer's call.
func (n *Node) tick() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.down || !n.wake.fired(n.clock, n.clock.Now(), n.ticks) {
		return
	}
	n.step(n.engine.Tick)
}
