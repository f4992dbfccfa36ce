package link

import (
	"sync"
	"time"
)

// maxHeld bounds what is on its way from one socket: 4096 packets in 25 ms are
// over 160,000 a second.
const maxHeld = 4096

// A queue runs functions, each a fixed time after it was added, in their order.
type queue struct {
	delay time.Duration
	held  chan held
	once  sync.Once
	done  chan struct{}
}

type held struct {
	due  time.Time
	send func()
}

func newQueue(delay time.Duration) *queue {
	q := &queue{delay: delay, held: make(chan held, maxHeld), done: make(chan struct{})}
	go q.run()
	return q
}

// add reports whether there was room.
func (q *queue) add(send func()) bool {
	select {
	case q.held <- held{time.Now().Add(q.delay), send}:
		return true
	default:
		return false
	}
}

func (q *queue) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case h := <-q.held:
			timer.Reset(time.Until(h.due))
			select {
			case <-timer.C:
				h.send()
			case <-q.done:
				return
			}
		case <-q.done:
			return
		}
	}
}

// endWithin is how long, after all is due, a writer that is stuck may hold up the end.
const endWithin = time.Second

// end runs closing once what was added before has been sent, and ends the queue. From
// a full one, or one that is stuck, the rest is lost.
func (q *queue) end(closing func() error) error {
	closed := make(chan error, 1)
	if q.add(func() { closed <- closing(); q.stop() }) {
		select {
		case err := <-closed:
			return err
		case <-time.After(q.delay + endWithin):
		case <-q.done:
			select {
			case err := <-closed:
				return err
			default: // somebody else has ended it
			}
		}
	}
	q.stop()
	return closing()
}

func (q *queue) stop() { q.once.Do(func() { close(q.done) }) }
