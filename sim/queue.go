package sim

import "time"

// The kinds of events.
type kind uint8

const (
	arrival  kind = 1 + iota // a datagram reaches its destination
	tick                     // an engine is due
	flip                     // a node leaves or returns
	joining                  // a node of a network that grows joins
	deferred                 // a function of the workload runs
)

// An event is something that happens at a time. Events of the same time happen in the
// order of their turns.
type event struct {
	at       time.Duration // since the run's start
	turn     uint64
	datagram *datagram // of an arrival
	node     uint32    // of a tick, flip or join; of deferred the index of the function
	kind     kind
}

func (e *event) before(o *event) bool { return e.at < o.at || e.at == o.at && e.turn < o.turn }

// A queue contains events, the earliest first. It is a heap with four children for each
// parent: with millions of events it misses fewer cache lines than a binary heap.
type queue struct {
	events []event
}

func (q *queue) put(e event) {
	q.events = append(q.events, e)
	i := len(q.events) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if !e.before(&q.events[parent]) {
			break
		}
		q.events[i] = q.events[parent]
		i = parent
	}
	q.events[i] = e
}

// take removes the earliest event. The queue must not be empty.
func (q *queue) take() event {
	first := q.events[0]
	last := len(q.events) - 1
	e := q.events[last]
	q.events[last] = event{}
	q.events = q.events[:last]
	if last == 0 {
		return first
	}
	i := 0
	for {
		child := 4*i + 1
		if child >= last {
			break
		}
		least := child
		for c := child + 1; c < min(child+4, last); c++ {
			if q.events[c].before(&q.events[least]) {
				least = c
			}
		}
		if !q.events[least].before(&e) {
			break
		}
		q.events[i] = q.events[least]
		i = least
	}
	q.events[i] = e
	return first
}

func (q *queue) empty() bool { return len(q.events) == 0 }

// next is the time of the earliest event; never if there is none.
func (q *queue) next() time.Duration {
	if len(q.events) == 0 {
		return never
	}
	return q.events[0].at
}
