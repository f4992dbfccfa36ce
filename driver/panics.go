package driver

import (
	"runtime/debug"
	"sync"
	"time"
)

// maxPanicLogs bounds the panics of the user's code that are logged in a minute (design
// R8.14). All are counted.
const maxPanicLogs = 10

// panics are those of the user's code that were recovered. It has a mutex of its own,
// because validators run under d.mu.
type panics struct {
	mu     sync.Mutex
	count  uint64    // since the start
	since  time.Time // when the minute began
	logged int       // in the minute
}

// note counts a panic, and reports whether it is to be logged.
func (p *panics) note(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	if p.logged == 0 || now.Sub(p.since) >= time.Minute {
		p.since, p.logged = now, 0
	}
	if p.logged >= maxPanicLogs {
		return false
	}
	p.logged++
	return true
}

func (p *panics) total() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// panicked notes a panic of the user's code. It is called where the panic is recovered, so
// that the stack shows where it arose.
func (d *Driver) panicked(of string, value any) {
	if d.panics.note(d.now()) {
		d.unlimited.Error("panic", "of", of, "value", value, "stack", string(debug.Stack()))
	}
}
