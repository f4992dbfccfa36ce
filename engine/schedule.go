package engine

import (
	"time"

	"kadmium/kbucket"
	"kadmium/store"
)

// A task is something that a node does by itself when there is work for it. Some work has
// a due time of its own (the hour of a bucket, the expiry of a record); pace then
// separates the runs for what is due at the same time. All other runs are interval plus
// jitter apart.
type task struct {
	name     string
	interval time.Duration
	jitter   time.Duration // at most, added to interval
	pace     time.Duration
	wants    func(*Engine) time.Time // when there is work; zero: there is none. Asked after every call
	run      func(*Engine)
}

// schedule has all tasks of a node (design R7.1). All engines of a process share it.
var schedule = [taskCount]task{
	{name: "bootstrap", interval: 20 * time.Second, jitter: 20 * time.Second, wants: (*Engine).wantsJoin, run: (*Engine).joinAgain},
	{name: "rejoin", interval: rejoinEvery, jitter: 5 * time.Second, wants: (*Engine).wantsRejoin, run: (*Engine).rejoin},
	{name: "reachability", interval: 5 * time.Second, jitter: time.Second, wants: (*Engine).wantsDialBack, run: (*Engine).askDialBack},
	{name: "address", interval: 5 * time.Second, jitter: time.Second, wants: (*Engine).wantsAddress, run: (*Engine).askAddress},
	{name: "probe", interval: kbucket.ProbeInterval, pace: 20 * time.Millisecond, wants: (*Engine).wantsProbe, run: (*Engine).probe},
	{name: "query again", pace: time.Second, wants: (*Engine).wantsQueryAgain, run: (*Engine).queryAgain},
	{name: "refresh", interval: kbucket.RefreshInterval, pace: 100 * time.Millisecond, wants: (*Engine).wantsRefresh, run: (*Engine).refresh},
	{name: "expire", pace: 100 * time.Millisecond, wants: (*Engine).wantsExpiry, run: (*Engine).expire},
	{name: "re-store", interval: store.ReplicateAfter, jitter: store.ReplicateJitter, pace: 10 * time.Millisecond, wants: (*Engine).wantsReplication, run: (*Engine).replicate},
	{name: "re-publish", interval: store.RepublishEvery, pace: 10 * time.Millisecond, wants: (*Engine).wantsRepublish, run: (*Engine).republish},
	{name: "hand-over", pace: 10 * time.Millisecond, wants: (*Engine).wantsHandOver, run: (*Engine).handOver},
	{name: "save table", interval: 2 * time.Second, jitter: time.Second, wants: (*Engine).wantsTableSaved, run: (*Engine).saveTable},
}

// due is when task i is to run. Zero: there is nothing to do.
func (e *Engine) due(i int) time.Time {
	at := schedule[i].wants(e)
	if at.IsZero() {
		return at
	}
	if next := e.born.Add(e.tasks.next[i]); at.Before(next) {
		return next
	}
	return at
}

// runTasks runs each task that is due once.
func (e *Engine) runTasks() {
	for i := range schedule {
		if at := e.due(i); at.IsZero() || at.After(e.now) {
			continue
		}
		t, state := &schedule[i], &e.tasks
		wait := t.pace
		if wait == 0 {
			wait = t.interval + e.jitter(t.jitter)
		}
		state.next[i] = e.now.Sub(e.born) + wait
		state.runs[i]++
		t.run(e)
	}
}

// jitter is a random part of d, so that nodes that started together do not act together.
func (e *Engine) jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(e.rnd.Int64N(int64(d)))
}

// A Task is a task of the schedule, as it stands in one engine.
type Task struct {
	Name     string
	Interval time.Duration // 0: whenever there is work
	Jitter   time.Duration // at most, added to Interval
	Due      time.Time     // zero: nothing to do
	Runs     uint64
}

// Tasks is the schedule with its present state.
func (e *Engine) Tasks() []Task {
	tasks := make([]Task, 0, len(schedule))
	for i := range schedule {
		t, state := &schedule[i], &e.tasks
		at := e.due(i)
		if at == overdue {
			at = e.born.Add(state.next[i])
		}
		tasks = append(tasks, Task{Name: t.name, Interval: t.interval, Jitter: t.jitter, Due: at, Runs: uint64(state.runs[i])})
	}
	return tasks
}
