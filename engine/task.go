package engine

import "time"

// A taskState is the state of a task of the schedule in one engine.
type taskState struct {
	next time.Duration // not before this, counted from when the engine was made
	runs uint64
}

const taskCount = 10

// overdue is the due time of work that already waits.
var overdue = time.Unix(0, 0)

// dueIf is the due time of work that either waits or does not exist.
func dueIf(waits bool) time.Time {
	if waits {
		return overdue
	}
	return time.Time{}
}

// earlier returns the earlier of two times, where zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
