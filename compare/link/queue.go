package link

import (
	"errors"
	"net"
	"sync"
	"time"
)

// maxHeld bounds what is on its way from one socket: 4096 packets in 25 ms are
// over 160,000 a second.
const maxHeld = 4096

// errOverflow reports that there was no room for one more on the way.
var errOverflow = errors.New("too much on its way")

// A queue runs functions, each a fixed time after it was added, in their order. The
// instrument is to be small beside what is measured: one that holds nothing has
// neither memory nor a goroutine.
type queue struct {
	delay time.Duration

	mu    sync.Mutex
	held  []held
	busy  bool        // the timer is set, or what is due is being sent
	ended bool        // nothing may be added any more
	timer *time.Timer // nil before the first
}

type held struct {
	due  time.Time
	send func()
}

func newQueue(delay time.Duration) *queue { return &queue{delay: delay} }

// add has a function run later. Its errors are errOverflow and, of a queue that ends,
// net.ErrClosed.
func (q *queue) add(send func()) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.ended:
		return net.ErrClosed
	case len(q.held) >= maxHeld:
		return errOverflow
	}
	q.append(send)
	return nil
}

func (q *queue) append(send func()) {
	q.held = append(q.held, held{time.Now().Add(q.delay), send})
	if q.busy {
		return
	}
	q.busy = true
	if q.timer == nil {
		q.timer = time.AfterFunc(q.delay, q.run)
		return
	}
	q.timer.Reset(q.delay)
}

// run sends what is due, and comes again when the next is.
func (q *queue) run() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.held) > 0 {
		next := q.held[0]
		if wait := time.Until(next.due); wait > 0 {
			q.timer.Reset(wait)
			return
		}
		q.held[0] = held{}
		q.held = q.held[1:]
		q.mu.Unlock()
		next.send()
		q.mu.Lock()
	}
	q.held, q.busy = nil, false
}

// endWithin is how long, after all is due, a writer that is stuck may hold up the end.
const endWithin = time.Second

// end ends the queue and runs closing once what was added before has been sent: the
// end of a connection travels as long as its bytes. Of what is stuck the rest is lost.
func (q *queue) end(closing func() error) error {
	closed := make(chan error, 1)
	q.mu.Lock()
	if q.ended {
		q.mu.Unlock()
		return net.ErrClosed
	}
	q.ended = true
	q.append(func() { closed <- closing() })
	q.mu.Unlock()
	select {
	case err := <-closed:
		return err
	case <-time.After(q.delay + endWithin):
		q.drop()
		return closing()
	}
}

// drop loses what is held.
func (q *queue) drop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held, q.ended = nil, true
}
