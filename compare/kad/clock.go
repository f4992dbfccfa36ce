package kad

import (
	"sync"
	"time"

	"kadmium"
)

// A Clock is the system's clock, but can be set ahead, so that what is due in a day happens
// at once. The zero value is ready to use. Nodes may share it.
type Clock struct {
	mu     sync.Mutex
	ahead  time.Duration
	timers map[*timer]bool
}

var _ kadmium.Clock = (*Clock)(nil)

// A timer is a function that waits to be called.
type timer struct {
	due  time.Time
	call func()
	real *time.Timer
}

// Now is the time by this clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time { return time.Now().Add(c.ahead) }

// AfterFunc calls f once d has passed by this clock.
func (c *Clock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &timer{due: c.now().Add(d), call: f}
	t.real = time.AfterFunc(d, func() {
		if c.take(t) {
			f()
		}
	})
	if c.timers == nil {
		c.timers = make(map[*timer]bool)
	}
	c.timers[t] = true
	return func() bool {
		t.real.Stop()
		return c.take(t)
	}
}

// take reports whether the timer was still waiting, and stops it.
func (c *Clock) take(t *timer) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	waited := c.timers[t]
	delete(c.timers, t)
	return waited
}

// Leap sets the clock ahead by d.
func (c *Clock) Leap(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
	now := c.now()
	for t := range c.timers {
		if left := t.due.Sub(now); left > 0 {
			t.real.Reset(left)
			continue
		}
		t.real.Stop()
		delete(c.timers, t)
		go t.call()
	}
}
