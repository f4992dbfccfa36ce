package engine

import (
	"time"

	"kadmium/kbucket"
	"kadmium/store"
)

// A rule is something a node does by itself, when there is work for it. Where the
// rule fixes when work is due (a bucket's hour, a record's expiry), pace keeps what
// is due at once apart; else runs are interval plus jitter apart.
type rule struct {
	name     string
	interval time.Duration
	jitter   time.Duration // at most, on top
	pace     time.Duration
	work     func(*Engine) time.Time // when there is work; zero: none, so never. It is asked after every call
	run      func(*Engine)
}

// A task is a rule as it stands in one engine.
type task struct {
	next time.Duration // since the engine was made: not before this
	runs uint64
}

const ruleCount = 9

// rules are all that a node does by itself (design, section 7); one table for all
// engines of a process.
var rules = [ruleCount]rule{
	{name: "bootstrap", interval: 20 * time.Second, jitter: 20 * time.Second, work: (*Engine).wantsToJoin, run: (*Engine).rejoin},
	{name: "reachability", interval: 5 * time.Second, jitter: time.Second, work: (*Engine).wantsDialBack, run: (*Engine).askDialBack},
	{name: "probe", interval: kbucket.ProbeInterval, pace: 20 * time.Millisecond, work: (*Engine).probesWait, run: (*Engine).probe},
	{name: "refresh", interval: kbucket.RefreshInterval, pace: 100 * time.Millisecond, work: (*Engine).wantsRefresh, run: (*Engine).refresh},
	{name: "expire", pace: 100 * time.Millisecond, work: (*Engine).nextExpiry, run: (*Engine).expire},
	{name: "re-store", interval: store.ReplicateAfter, jitter: store.ReplicateJitter, pace: 10 * time.Millisecond, work: (*Engine).wantsReplication, run: (*Engine).replicate},
	{name: "re-publish", interval: store.RepublishEvery, pace: 10 * time.Millisecond, work: (*Engine).wantsRepublish, run: (*Engine).republish},
	{name: "hand-over", pace: 10 * time.Millisecond, work: (*Engine).handoversWait, run: (*Engine).handOver},
	{name: "save table", interval: 2 * time.Second, jitter: time.Second, work: (*Engine).tableChanged, run: (*Engine).saveTable},
}

// due is when task i is to run: zero for never, as things stand.
func (e *Engine) due(i int) time.Time {
	at := rules[i].work(e)
	if at.IsZero() {
		return at
	}
	if next := e.born.Add(e.tasks[i].next); at.Before(next) {
		return next
	}
	return at
}

// runTasks runs each task that is due, once.
func (e *Engine) runTasks() {
	for i := range rules {
		if at := e.due(i); at.IsZero() || at.After(e.now) {
			continue
		}
		r, t := &rules[i], &e.tasks[i]
		wait := r.pace
		if wait == 0 {
			wait = r.interval + e.jitter(r.jitter)
		}
		t.next = e.now.Sub(e.born) + wait
		t.runs++
		r.run(e)
	}
}

// mayMaintain reports whether one more lookup of the node's own may begin; else the
// end of one brings the task back.
func (e *Engine) mayMaintain() bool { return e.upkeep < maxUpkeep }

// mayStoreAgain is mayMaintain for what goes to a key's holders: a node that joins does
// not know yet who they are.
func (e *Engine) mayStoreAgain() bool { return e.mayMaintain() && e.joining == 0 }

func (e *Engine) wantsRefresh() time.Time {
	if !e.mayMaintain() {
		return time.Time{}
	}
	return e.table.NextRefresh()
}

func (e *Engine) wantsReplication() time.Time {
	if !e.mayStoreAgain() {
		return time.Time{}
	}
	return e.store.NextReplication()
}

func (e *Engine) wantsRepublish() time.Time {
	if !e.mayStoreAgain() {
		return time.Time{}
	}
	return e.store.NextRepublish()
}

func (e *Engine) nextExpiry() time.Time { return e.store.NextExpiry() }

// jitter is a random part of d, so that nodes started together drift apart.
func (e *Engine) jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(e.rnd.Int64N(int64(d)))
}

// overdue is when work that is waiting became due.
var overdue = time.Unix(0, 0)

// dueIf is the due time of work that either waits or does not.
func dueIf(waits bool) time.Time {
	if waits {
		return overdue
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
	tasks := make([]Task, 0, len(rules))
	for i := range rules {
		r, t := &rules[i], &e.tasks[i]
		at := e.due(i)
		if at == overdue {
			at = e.born.Add(t.next)
		}
		tasks = append(tasks, Task{Name: r.name, Interval: r.interval, Jitter: r.jitter, Due: at, Runs: t.runs})
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
