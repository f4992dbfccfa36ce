package link

import (
	"errors"
	"net"
	"sync"
	"time"
)

// maxHeld bounds the delayed packets of one socket. 4096 packets in 25 ms are over 160,000 a
// second.
const maxHeld = 4096

// errOverflow reports a full queue.
var errOverflow = errors.New("too much on its way")

// A queue runs functions, each a fixed time after it was added, in order. It must not
// disturb what is measured: an empty queue has neither memory nor a goroutine.
type queue struct {
	delay time.Duration

	mu    sync.Mutex
	held  []held
	busy  bool        // the timer is set, or run is running
	ended bool        // nothing can be added
	timer *time.Timer // nil before its first use
}

type held struct {
	due  time.Time
	send func()
}

func newQueue(delay time.Duration) *queue { return &queue{delay: delay} }

// add adds a function. Its error is errOverflow, or net.ErrClosed after end.
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

// run runs the functions that are due, and sets the timer for the next.
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

// endWithin is how long a blocked writer may delay the end after everything is due.
const endWithin = time.Second

// end ends the queue, and runs closing after all functions in it: the end of a connection is
// delayed like its bytes. If a writer blocks, the remaining functions are dropped.
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

// drop removes all functions.
func (q *queue) drop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held, q.ended = nil, true
}
