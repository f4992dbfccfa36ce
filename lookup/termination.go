package lookup

import "time"

// A Reason is why a lookup ended.
type Reason uint8

const (
	// Converged: the k closest known have answered (Kademlia, section 2.3).
	Converged Reason = iota + 1
	// Exhausted: nobody is left to ask, and fewer than k answered.
	Exhausted
	// Satisfied: what was sought has been found.
	Satisfied
	// Cancelled: nobody waits for the result any more.
	Cancelled
	// TimedOut: it overran its deadline.
	TimedOut
	// NoContacts: there was nobody to start with.
	NoContacts
)

// String is the reason for people.
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

// Stop ends the lookup, unless it has ended, for the reason given. Requests still
// in flight are of no more interest.
func (l *Lookup) Stop(now time.Time, reason Reason) {
	if l.reason == 0 {
		l.end(now, reason)
	}
}

// endIfOver ends the lookup when every path has settled.
func (l *Lookup) endIfOver(now time.Time) {
	for p := range l.cfg.DisjointPaths {
		if !l.settled(p) {
			return
		}
	}
	switch {
	case l.stats.Answered >= l.cfg.K:
		l.end(now, Converged)
	case l.refill():
		l.endIfOver(now) // if all of them were known
	default:
		l.end(now, Exhausted)
	}
}

// refill takes in what Refill provides, if fewer than k contacts are left that have
// answered or may do so soon. While nobody has answered the searcher itself may be
// cut off.
func (l *Lookup) refill() bool {
	if l.more == nil || l.stats.Answered == 0 {
		return false
	}
	live := 0
	for i := range l.list.entries {
		if l.list.entries[i].live() {
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

// settled reports whether of the contacts that path p knows the k closest, those
// that failed left out, have all answered. One set aside is waited for until it
// answers or fails: it may well be one of the closest.
func (l *Lookup) settled(p int) bool {
	n := 0
	for i := range l.list.entries {
		e := &l.list.entries[i]
		if e.paths>>p&1 == 0 || e.state == failed || e.state == spare {
			continue
		}
		if e.state != answered {
			return false
		}
		if n++; n == l.cfg.K {
			return true
		}
	}
	return true
}

func (l *Lookup) end(now time.Time, reason Reason) {
	l.reason = reason
	l.stats.Ended = now
	l.events = append(l.events, Event{At: now, Kind: Ended, Hop: l.hops(), Round: int(l.rounds.longest),
		Elapsed: now.Sub(l.stats.Started), Reason: reason})
}
