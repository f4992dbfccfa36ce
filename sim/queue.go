package sim

import "time"

// The kinds of events.
type kind uint8

const (
	arrival  kind = 1 + iota // a datagram reaches its destination
	tick                     // an engine wanted to be called
	flip                     // a node leaves or returns
	joinNext                 // a node of a network that grows joins
	deferred                 // something that was put off
)

// An event is what happens at a time. Events of one time happen in the order in
// which they were put in.
type event struct {
	at       time.Duration // since the run's start
	turn     uint64
	datagram *datagram // of an arrival
	node     uint32    // of a tick or flip; of follow what
	kind     kind
}

func (e *event) before(o *event) bool { return e.at < o.at || e.at == o.at && e.turn < o.turn }

// A queue holds events, the earliest first: a heap of four children a parent,
// which for millions of events misses fewer cache lines than one of two.
type queue struct {
	events []event
	turns  uint64
}

func (q *queue) put(e event) {
	q.turns++
	e.turn = q.turns
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

// take is the earliest event; there must be one.
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
