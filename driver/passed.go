package driver

import (
	"time"

	"kadmium/engine"
	"kadmium/store"
	"kadmium/store/disk"
)

// noteEvery is how often the journal notes the clocks.
const noteEvery = time.Minute

// A passing is how much time passed before a restart, where only the wall clock tells: it
// may have been wrong (design R6.28).
type passing struct {
	by      time.Duration // what of it may turn out not to have passed; 0: nothing
	revived time.Duration // what of that has
	noteAt  time.Time     // when the journal notes the clocks next
}

// readClockNote sets the clock to go on with the time of the journal's entries.
func (d *Driver) readClockNote(boot func() (string, time.Duration)) error {
	if boot == nil {
		boot = func() (string, time.Duration) { return "", 0 }
	}
	d.journal.SetClock(func() disk.ClockNote {
		n := disk.ClockNote{Wall: d.clock.wallNow(), Time: d.clock.Now()}
		n.Boot, n.SinceBoot = boot()
		return n
	})
	n, err := d.journal.ClockNote()
	if err != nil || n.Time.IsZero() {
		return err
	}
	id, since := boot()
	passed := since - n.SinceBoot
	if id == "" || id != n.Boot || passed < 0 {
		passed = max(0, d.clock.wall.Sub(n.Wall))
		d.passing.by = passed
	}
	d.clock.base = n.Time.Add(passed)
	return nil
}

// reviewClock revives what the restart ended wrongly if the wall clock, which was ahead
// then, has been set back, and has the journal note the clocks. The caller holds d.mu.
func (d *Driver) reviewClock(now time.Time) {
	if d.journal == nil {
		return
	}
	p := &d.passing
	if !now.Before(p.noteAt) {
		p.noteAt = now.Add(noteEvery)
		d.journal.NoteClock(func(err error) { d.persisted(0, err) }) // a node with nothing to write notices a failure too
	}
	if p.by == 0 {
		return
	}
	if now.Sub(d.clock.base) >= store.ReviveTime {
		p.by = 0
		return
	}
	if by := min(d.clock.setBack(), p.by) - p.revived; by >= time.Second {
		p.revived += by
		d.logger.Info("the clock was set back: records have as much more to live", "by", by.Round(time.Second))
		d.step(func(now time.Time, fx []engine.Effect) []engine.Effect { return d.engine.Revive(now, by, fx) })
	}
}
