package driver

import (
	"sync/atomic"
	"time"
)

// clockStep is by how much the wall clock must leave the monotonic clock to have been set,
// or the machine to have slept.
const clockStep = 50 * time.Millisecond

// A clock is the time that a driver goes by. It counts the time for which the machine
// sleeps, and knows no steps of the wall clock: it begins with that, or where the journal's
// entries are in time, and goes on by itself (design R1.22).
type clock struct {
	now    func() time.Time
	asleep func() time.Duration // since the machine started; nil: now counts it, or it is not known

	wallNow  func() time.Time
	start    time.Time     // of now
	wall     time.Time     // of wallNow then
	base     time.Time     // the clock's own time then
	slept    time.Duration // asleep at the start
	ahead    atomic.Int64  // of the wall clock before the monotonic clock, when asleep was last asked
	asked    atomic.Int64  // when that was, since the start
	sleeping atomic.Int64  // time asleep since the start
}

func newClock(now func() time.Time, asleep func() time.Duration, wall func() time.Time) *clock {
	if wall == nil {
		wall = now
	}
	c := &clock{now: now, asleep: asleep, wallNow: wall, start: now(), wall: wall().Round(0)}
	c.base = c.wall
	if asleep != nil {
		c.slept = asleep()
	}
	return c
}

// Now is the time. To ask how long the machine slept takes system calls, so it is asked
// when the wall clock, which goes on meanwhile, has left the monotonic clock, and each
// heartbeat.
func (c *clock) Now() time.Time {
	t := c.now()
	awake := t.Sub(c.start)
	if c.asleep != nil {
		ahead := t.Round(0).Sub(c.start.Round(0)) - awake
		if (ahead-time.Duration(c.ahead.Load())).Abs() > clockStep || awake-time.Duration(c.asked.Load()) >= heartbeat {
			c.ahead.Store(int64(ahead))
			c.asked.Store(int64(awake))
			if slept := c.asleep() - c.slept; slept > c.timeAsleep()+clockStep {
				c.sleeping.Store(int64(slept))
			}
		}
	}
	return c.base.Add(awake + c.timeAsleep())
}

// timeAsleep is how long the machine has slept since the start.
func (c *clock) timeAsleep() time.Duration { return time.Duration(c.sleeping.Load()) }

// wallGap is by how much the wall clock was set forward since the last call. It is 0 where
// it is known how long the machine slept.
func (c *clock) wallGap() time.Duration {
	if c.asleep != nil {
		return 0
	}
	t := c.now()
	ahead := t.Round(0).Sub(c.start.Round(0)) - t.Sub(c.start)
	return ahead - time.Duration(c.ahead.Swap(int64(ahead)))
}

// setBack is by how much the wall clock was set back since the start.
func (c *clock) setBack() time.Duration {
	steady := c.Now()
	return steady.Sub(c.base) - c.wallNow().Round(0).Sub(c.wall)
}

// wallAhead is by how much the wall clock is ahead of this one. Less than a
// second is what a clock that is kept in step drifts by.
func (c *clock) wallAhead() time.Duration {
	steady := c.Now()
	ahead := c.wallNow().Round(0).Sub(steady)
	if ahead.Abs() < time.Second {
		return 0
	}
	return ahead
}

// Now is the time of the driver.
func (d *Driver) Now() time.Time { return d.now() }

// Wall is what the wall clock shows at a time of the driver's.
func (d *Driver) Wall(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(d.clock.wallAhead())
}
