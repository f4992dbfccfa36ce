package kadmium_test

import (
	"fmt"
	"sync"
	"time"
)

// moments are the times at which something of a world works: each has its own, so that a seed
// gives the same run again. What is due at one moment of a bubble runs in random order.
type moments struct {
	mu    sync.Mutex
	taken map[time.Time]bool
}

// take is the first free moment from then on.
func (m *moments) take(then time.Time) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.taken[then] {
		then = then.Add(time.Nanosecond)
	}
	m.taken[then] = true
	return then
}

func (m *moments) free(then time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.taken, then)
}

// sleep sleeps until a moment of its own.
func (m *moments) sleep(d time.Duration) {
	at := m.take(time.Now().Add(d))
	time.Sleep(time.Until(at))
	m.free(at)
}

// A faultClock is the clock of a host. Timers that are due while it sleeps or its process is
// stopped run afterwards. A monotonic one, that a node must not rely on, stands still while
// the machine sleeps.
type faultClock struct {
	host *faultHost

	mu        sync.Mutex
	halted    bool
	frozen    bool // Now stands still
	since     time.Time
	slept     time.Duration
	postponed []func()
	wrong     time.Duration // by how much the wall clock is ahead
	booted    time.Time
	boots     int
}

func (c *faultClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *faultClock) now() time.Time {
	if c.frozen {
		return c.since.Add(-c.slept)
	}
	return time.Now().Add(-c.slept)
}

// wall is what the wall clock shows.
func (c *faultClock) wall() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now().Add(c.wrong)
}

// boot tells this start of the machine from others, and the time since it. The journal asks
// just before it writes. That it takes a moment has the journal write while nothing else of
// the node works: how long the system's calls take would decide what comes first.
func (c *faultClock) boot() (string, time.Duration) {
	c.host.w.moments.sleep(c.host.moment() / 3)
	c.host.enter()
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprint("boot ", c.boots), c.now().Sub(c.booted)
}

// set sets the wall clock ahead of the time, or behind it.
func (c *faultClock) set(wrong time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = wrong
}

// powerOn starts the machine.
func (c *faultClock) powerOn() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.boots++
	c.booted = c.now()
}

// AfterFunc has timers end at moments of their own.
func (c *faultClock) AfterFunc(d time.Duration, f func()) func() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.host.w.moments.take(time.Now().Add(d).Truncate(time.Microsecond).Add(c.host.moment()))
	t := &faultTimer{clock: c, at: at, due: c.now().Add(time.Until(at)), f: f}
	t.timer = time.AfterFunc(time.Until(at), t.fire)
	return t.stop
}

type faultTimer struct {
	clock *faultClock
	at    time.Time // the moment that it has taken
	due   time.Time // by the host's clock
	f     func()
	timer *time.Timer
	over  bool
}

func (t *faultTimer) stop() bool {
	c := t.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	inTime := !t.over
	t.end()
	t.timer.Stop()
	return inTime
}

// end notes that the timer is over. clock.mu is held.
func (t *faultTimer) end() {
	if !t.over {
		t.over = true
		t.clock.host.w.moments.free(t.at)
	}
}

func (t *faultTimer) fire() {
	c := t.clock
	c.mu.Lock()
	switch wait := t.due.Sub(c.now()); {
	case t.over:
	case c.halted:
		c.postponed = append(c.postponed, t.fire)
	case wait > 0:
		t.timer = time.AfterFunc(wait, t.fire)
	default:
		t.end()
		c.mu.Unlock()
		c.host.enter()
		t.f()
		return
	}
	c.mu.Unlock()
}

// halt stops the timers, and with freeze the time.
func (c *faultClock) halt(freeze bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.halted, c.frozen, c.since = true, freeze, time.Now()
}

func (c *faultClock) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frozen {
		c.slept += time.Since(c.since)
	}
	c.halted, c.frozen = false, false
	for i, f := range c.postponed { // between the reads
		at := c.host.w.moments.take(time.Now().Add(time.Duration(i)*c.host.moment() + c.host.moment()/2))
		time.AfterFunc(time.Until(at), func() {
			c.host.w.moments.free(at)
			f()
		})
	}
	c.postponed = nil
}
