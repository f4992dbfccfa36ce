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

func (q *queue) close() { q.once.Do(func() { close(q.done) }) }
