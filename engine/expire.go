package engine

import "time"

func (e *Engine) wantsExpiry() time.Time { return e.store.NextExpiry() }

// expire drops the records and provider entries whose lifetime is over.
func (e *Engine) expire() {
	changes, n := e.store.Expire(e.now)
	e.journal(changes)
	if n > 0 {
		e.counters.Expired += uint64(n)
		e.event(Event{Kind: RecordExpired, N: n})
	}
}
