package engine

import (
	"time"

	"kadmium/kbucket"
	"kadmium/store"
)

// A task is something the node does by itself, when there is work for it. Where
// the rule behind it fixes when work is due (a bucket's hour, a record's expiry),
// pace keeps what is due at once apart; else runs are interval plus jitter apart.
type task struct {
	name     string
	interval time.Duration // of the rule
	jitter   time.Duration // at most, on top
	pace     time.Duration
	next     time.Time        // not before this
	work     func() time.Time // when there is work; zero: none, so never
	run      func()
	runs     uint64
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
	// A node that joins does not know yet who holds its keys.
	joined := func(work func() time.Time) func() time.Time {
		return upkeep(func() time.Time {
			if e.joining > 0 {
				return time.Time{}
			}
			return work()
		})
	}
	e.tasks = []*task{
		{name: "bootstrap", interval: 20 * time.Second, jitter: 20 * time.Second, work: e.wantsToJoin, run: e.rejoin},
		{name: "reachability", interval: 5 * time.Second, jitter: time.Second, work: e.wantsCall, run: e.askForCall},
		{name: "probe", interval: kbucket.ProbeInterval, pace: 20 * time.Millisecond, work: e.probesWait, run: e.probe},
		{name: "refresh", interval: kbucket.RefreshInterval, pace: 100 * time.Millisecond, work: upkeep(e.table.NextRefresh), run: e.refresh},
		{name: "expire", pace: 100 * time.Millisecond, work: e.store.NextExpiry, run: e.expire},
		{name: "re-store", interval: store.RestoreAfter, jitter: store.RestoreJitter, pace: 10 * time.Millisecond, work: joined(e.store.NextRestore), run: e.restore},
		{name: "re-publish", interval: store.RepublishEvery, pace: 10 * time.Millisecond, work: joined(e.store.NextRepublish), run: e.republish},
		{name: "hand-over", pace: 10 * time.Millisecond, work: e.handoversWait, run: e.handOver},
		{name: "save table", interval: 2 * time.Second, jitter: time.Second, work: e.tableChanged, run: e.saveTable},
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
		if t.next = e.now.Add(t.pace); t.pace == 0 {
			t.next = e.now.Add(t.interval + e.jitter(t.jitter))
		}
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
	Name     string
	Interval time.Duration // 0: as work comes
	Jitter   time.Duration // at most, on top
	Due      time.Time     // zero: nothing to do
	Runs     uint64
}

// Tasks is the schedule as it stands.
func (e *Engine) Tasks() []Task {
	tasks := make([]Task, 0, len(e.tasks))
	for _, t := range e.tasks {
		at := t.due()
		if at == longAgo {
			at = t.next
		}
		tasks = append(tasks, Task{Name: t.name, Interval: t.interval, Jitter: t.jitter, Due: at, Runs: t.runs})
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
