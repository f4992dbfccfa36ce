package engine

import "time"

// taskStates are the states of the tasks in one engine, in the order of schedule.
type taskStates struct {
	next [taskCount]time.Duration // not before this, counted from when the engine was made
	runs [taskCount]uint32
}

const taskCount = 12

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
