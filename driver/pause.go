package driver

import (
	"time"

	"kadmium/rpc"
)

// A driver whose timer runs late was stopped, or its machine slept (design R7.15).
const (
	heartbeat = 5 * time.Second  // the longest time for which the timer is set
	pausedFor = 10 * time.Second // how late it is after a pause, at least
	backlog   = time.Second      // how long what waited in the sockets is read afterwards, at most
)

// setTimer sets the timer for the engine's next Tick, or for the next heartbeat: a node
// with nothing to do notices a pause too.
func (d *Driver) setTimer(now time.Time) {
	next := now.Add(heartbeat)
	if at := d.engine.WakeAt(); !at.IsZero() && at.Before(next) {
		next = at
	}
	d.timer.set(now, next)
}

// noticePause tells the engine if nothing ran here for a while. It comes before what has
// happened meanwhile. If the machine slept, sessions begin anew. The caller holds d.mu.
func (d *Driver) noticePause(now time.Time) {
	late := max(d.timer.late(now), d.clock.wallGap())
	if late < pausedFor {
		return
	}
	if slept := d.clock.timeAsleep(); slept > d.slept {
		d.slept = slept
		d.transport.Rekey()
	}
	d.timer.stop()
	d.resumed = now
	d.logger.Info("the node was stopped, and greets its contacts", "for", late.Round(time.Second))
	d.effects = d.engine.Resume(now, d.effects[:0])
	d.carryOut()
	d.setTimer(now)
}

// waited reports whether a message may have waited in a socket during a pause, and is a write,
// of which the first try may be forgotten by now, or tells a lifetime, of which then less
// remains than it says (design R6.27). The caller holds d.mu.
func (d *Driver) waited(now time.Time, m *rpc.Message) bool {
	again := !m.Response && !m.Type.IsRead() // another try, after its first was forgotten
	return now.Sub(d.resumed) < backlog && (again || m.Record != nil || len(m.Providers) > 0)
}
