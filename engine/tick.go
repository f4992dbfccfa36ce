package engine

import "time"

// Tick does what has become due. To call it early is harmless.
func (e *Engine) Tick(now time.Time, fx []Effect) []Effect {
	e.enter(now, fx)
	e.expireRequests()
	e.expireLookups()
	e.wakeLookups()
	e.runTasks()
	return e.leave()
}

// WakeAt says when Tick is needed next. Zero: not before another method is called.
func (e *Engine) WakeAt() time.Time {
	var at time.Time
	if t, ok := e.requests.Next(); ok {
		at = t
	}
	if len(e.lookups) > 0 {
		at = earlier(at, e.lookups[0].deadline)
		for _, l := range e.lookups {
			at = earlier(at, l.wakeAt())
		}
	}
	for i := range schedule {
		at = earlier(at, e.due(i))
	}
	return at
}
