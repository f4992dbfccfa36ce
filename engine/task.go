package engine

import (
	"time"
)

// A task is a rule as it stands in one engine.
type taskState struct {
	next time.Duration // since the engine was made: not before this
	runs uint64
}

const taskCount = 9

// overdue is when work that is waiting became due.
var overdue = time.Unix(0, 0)

// dueIf is the due time of work that either waits or does not.
func dueIf(waits bool) time.Time {
	if waits {
		return overdue
	}
	return time.Time{}
}

// earlier is the earlier of two times, of which zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
