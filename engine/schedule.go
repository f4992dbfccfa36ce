package engine

import (
	"time"
)

// A task is something the node does by itself. Between two runs lies every plus
// up to jitter; a task with work waits for that work to become due as well.
type task struct {
	name          string
	every, jitter time.Duration
	next          time.Time        // not before this
	work          func() time.Time // when there is work; zero: none, so never
	run           func()
	runs          uint64
}

// due is when the task is to run: zero for never, as things stand.
func (t *task) due() time.Time {
	at := t.work()
	if at.IsZero() || at.After(t.next) {
		return at
	}
	return t.next
}

// schedule sets up all that a node does by itself (design, section 7).
func (e *Engine) schedule(now time.Time) {
	upkeep := func(work func() time.Time) func() time.Time {
		return func() time.Time {
			if e.upkeep >= maxUpkeep {
				return time.Time{} // its end brings the task back
			}
			return work()
		}
	}
	e.tasks = []*task{
		{name: "bootstrap", every: 20 * time.Second, jitter: 20 * time.Second, work: e.aloneSince, run: e.rejoin},
		{name: "reachability", every: 5 * time.Second, jitter: time.Second, work: e.wantsCall, run: e.askForCall},
		{name: "probe", every: 20 * time.Millisecond, work: e.probesWait, run: e.probe},
		{name: "refresh", every: 100 * time.Millisecond, jitter: time.Second, work: upkeep(e.table.NextRefresh), run: e.refresh},
		{name: "expire", every: time.Second, work: e.store.NextExpiry, run: e.expire},
		{name: "re-store", every: 10 * time.Millisecond, work: upkeep(e.store.NextRestore), run: e.restore},
		{name: "re-publish", every: 10 * time.Millisecond, work: upkeep(e.store.NextRepublish), run: e.republish},
		{name: "hand-over", every: 10 * time.Millisecond, work: e.handoversWait, run: e.handOver},
		{name: "save table", every: 30 * time.Second, jitter: 10 * time.Second, work: e.tableChanged, run: e.saveTable},
	}
	for _, t := range e.tasks {
		t.next = now
	}
}

// runTasks runs each task that is due, once.
func (e *Engine) runTasks() {
	for _, t := range e.tasks {
		if at := t.due(); at.IsZero() || at.After(e.now) {
			continue
		}
		t.next = e.now.Add(t.every + e.jitter(t.jitter))
		t.runs++
		t.run()
	}
}

// jitter is a random part of d, so that nodes started together drift apart.
func (e *Engine) jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(e.rnd.Int64N(int64(d)))
}

// long ago is when work that is waiting became due.
var longAgo = time.Unix(0, 0)

// dueIf is the due time of work that either waits or does not.
func dueIf(waits bool) time.Time {
	if waits {
		return longAgo
	}
	return time.Time{}
}

// A Task is a line of the schedule.
type Task struct {
	Name   string        `json:"name"`
	Every  time.Duration `json:"every_ns"`
	Jitter time.Duration `json:"jitter_ns"`
	Due    time.Time     `json:"due"` // zero: nothing to do
	Runs   uint64        `json:"runs"`
}

// Tasks is the schedule as it stands.
func (e *Engine) Tasks() []Task {
	tasks := make([]Task, 0, len(e.tasks))
	for _, t := range e.tasks {
		at := t.due()
		if at == longAgo {
			at = t.next
		}
		tasks = append(tasks, Task{Name: t.name, Every: t.every, Jitter: t.jitter, Due: at, Runs: t.runs})
	}
	return tasks
}

// expire drops the records and provider entries whose lifetime has ended.
func (e *Engine) expire() {
	ops, n := e.store.Expire(e.now)
	e.journal(ops)
	if n > 0 {
		e.stats.Expired += uint64(n)
		e.event(Event{Kind: RecordExpired, N: n})
	}
}
