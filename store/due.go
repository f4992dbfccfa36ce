package store

import (
	"container/heap"
	"iter"
	"time"
)

// A timer is the place of one element in a queue of due times.
type timer[T any] struct {
	at    time.Time
	of    *T
	index int // in the queue, plus one; 0: not queued
}

// A queue orders timers by due time, earliest first: a binary heap whose
// elements know their place, so that a due time can move. The order of equal
// times depends on nothing but the calls made, so a run can be replayed.
type queue[T any] struct {
	timers []*timer[T]
	first  time.Time // the earliest due time, which is asked for far more often than it changes; zero: none
}

// set gives the timer a new due time, and queues it if it is not queued.
func (q *queue[T]) set(t *timer[T], at time.Time) {
	t.at = at
	if t.index == 0 {
		heap.Push(q, t)
	} else {
		heap.Fix(q, t.index-1)
	}
	q.first = q.timers[0].at
}

// remove takes the timer out, if it is queued.
func (q *queue[T]) remove(t *timer[T]) {
	if t.index == 0 {
		return
	}
	heap.Remove(q, t.index-1)
	if q.first = (time.Time{}); len(q.timers) > 0 {
		q.first = q.timers[0].at
	}
}

// next is the earliest due time, zero if there is none.
func (q *queue[T]) next() time.Time { return q.first }

// due is the earliest element whose time has come.
func (q *queue[T]) due(now time.Time) (*T, bool) {
	if len(q.timers) == 0 || q.first.After(now) {
		return nil, false
	}
	return q.timers[0].of, true
}

// inOrder yields the timers, earliest first. Of a queue of any length the first n take about
// n log n steps: after one come those below it in the heap.
func (q *queue[T]) inOrder() iter.Seq[*timer[T]] {
	return func(yield func(*timer[T]) bool) {
		next := places[T]{q, nil}
		if len(q.timers) > 0 {
			next.at = append(next.at, 0)
		}
		for len(next.at) > 0 {
			i := heap.Pop(&next).(int)
			if !yield(q.timers[i]) {
				return
			}
			for below := 2*i + 1; below <= 2*i+2 && below < len(q.timers); below++ {
				heap.Push(&next, below)
			}
		}
	}
}

// places are indices of a queue as a heap, earliest first.
type places[T any] struct {
	of *queue[T]
	at []int
}

func (p *places[T]) Len() int { return len(p.at) }

func (p *places[T]) Less(i, j int) bool { return p.of.Less(p.at[i], p.at[j]) }

func (p *places[T]) Swap(i, j int) { p.at[i], p.at[j] = p.at[j], p.at[i] }

func (p *places[T]) Push(x any) { p.at = append(p.at, x.(int)) }

func (p *places[T]) Pop() any {
	last := p.at[len(p.at)-1]
	p.at = p.at[:len(p.at)-1]
	return last
}

// Len, Less, Swap, Push and Pop are heap.Interface.
func (q *queue[T]) Len() int { return len(q.timers) }

func (q *queue[T]) Less(i, j int) bool { return q.timers[i].at.Before(q.timers[j].at) }

func (q *queue[T]) Swap(i, j int) {
	q.timers[i], q.timers[j] = q.timers[j], q.timers[i]
	q.timers[i].index, q.timers[j].index = i+1, j+1
}

func (q *queue[T]) Push(x any) {
	t := x.(*timer[T])
	q.timers = append(q.timers, t)
	t.index = len(q.timers)
}

func (q *queue[T]) Pop() any {
	last := len(q.timers) - 1
	t := q.timers[last]
	q.timers[last] = nil
	q.timers = q.timers[:last]
	t.index = 0
	return t
}
