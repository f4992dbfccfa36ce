package lookup

import "time"

// A Reason is why a lookup ended.
type Reason uint8

const (
	// Converged: the k closest known contacts have answered (Kademlia, section 2.3), or
	// k others have, and another rule than Plain was content with that.
	Converged Reason = iota + 1
	// Exhausted: no contact is left to ask, and fewer than k answered.
	Exhausted
	// Satisfied: what was sought was found.
	Satisfied
	// Cancelled: the result is no longer wanted.
	Cancelled
	// TimedOut: it overran its deadline.
	TimedOut
	// NoContacts: there was no contact to start with.
	NoContacts
)

// String is the reason in words.
func (r Reason) String() string {
	switch r {
	case Converged:
		return "converged"
	case Exhausted:
		return "exhausted"
	case Satisfied:
		return "satisfied"
	case Cancelled:
		return "cancelled"
	case TimedOut:
		return "timed out"
	case NoContacts:
		return "no contacts"
	}
	return "running"
}

// Done reports whether the lookup has ended, and why.
func (l *Lookup) Done() (Reason, bool) { return l.reason, l.reason != 0 }

// Stop ends the lookup, unless it has ended, for the given reason. Outcomes of requests
// still in flight are ignored.
func (l *Lookup) Stop(now time.Time, reason Reason) {
	if l.reason == 0 {
		l.end(now, reason)
	}
}

// endIfOver ends the lookup if every path is over by its rule (design R5.6).
func (l *Lookup) endIfOver(now time.Time) {
	l.leaveLate()
	for p := range l.cfg.DisjointPaths {
		if !l.paths[p].rule.Over(l.view(p)) {
			return
		}
	}
	l.endUnlessRefilled(now)
}

// endUnlessRefilled ends a lookup that has nobody to wait for, unless there are farther
// contacts to turn to.
func (l *Lookup) endUnlessRefilled(now time.Time) {
	switch {
	case l.stats.Answered >= l.cfg.K:
		l.end(now, Converged)
	case l.refill():
		l.endIfOver(now) // in case all of them were known
	default:
		l.end(now, Exhausted)
	}
}

// refill adds the contacts that Refill provides, if fewer than k contacts have answered
// or may still do so in time. It does not while none has answered: the searcher itself
// may then be disconnected.
func (l *Lookup) refill() bool {
	if l.more == nil || l.stats.Answered == 0 {
		return false
	}
	live := 0
	for i := range l.list.entries {
		if l.list.entries[i].Live() {
			live++
		}
	}
	if live >= l.cfg.K {
		return false
	}
	more := l.more()
	l.more = nil
	l.seed(more)
	return true
}

// Over reports whether the k closest contacts that the path knows, without those that
// failed, have all answered. A contact that was set aside is waited for until it answers
// or fails, since it may be one of the closest, or until it overran W (design R5.27).
func (Plain) Over(v View) bool { return over(v, false) }

// over is Over; where strict is set, those that overran W count too.
func over(v View, strict bool) bool {
	n := 0
	for c := range v.Candidates() {
		if c.Failed() || c.Overrun() && !strict {
			continue
		}
		if !c.Answered() {
			return false
		}
		if n++; n == v.K() {
			return true
		}
	}
	return true
}

// Complete reports whether the k closest contacts known, without those that failed, have
// all answered, whatever the rule needed to end, and the rule left out nobody who was named.
func (l *Lookup) Complete() bool { return !l.omitted && over(l.whole(), true) }

func (l *Lookup) end(now time.Time, reason Reason) {
	l.reason = reason
	l.stats.Ended = now
	l.events = append(l.events, Event{At: now, Kind: Ended, Hop: l.hops(), Round: int(l.rounds.longest),
		Elapsed: now.Sub(l.stats.Started), Reason: reason})
}
