package lookup

import (
	"time"

	"kadmium/identity"
)

// Whoever drops queries, or answers them seconds late, would hold up every lookup that asks
// it (design R5.27). So a lookup waits for a straggler no longer than W, Config.Late, from
// its asking. Its answer is still taken until the lookup ends; it has not failed, and the
// lookup proves nothing about what it may know (Complete).

// MinLate and MaxLate bound W. MaxWait is how long is waited where datagrams are lost, and
// where more are late than have answered: the searcher itself may be slow then.
const (
	MinLate = 250 * time.Millisecond
	MaxLate = time.Second
	MaxWait = 2 * time.Second
)

// doubtfulAfter is of how many that a peer named none has to answer until the others are
// doubtful.
const doubtfulAfter = 2

// Patient is so.
func (Plain) Patient() bool { return true }

// Patient is not so.
func (*Region) Patient() bool { return false }

// small is the rule of nodes in a network without a region.
type small struct{ Plain }

func (small) Patient() bool { return false }

func (l *Lookup) waitedFor(e *Candidate) time.Duration { return l.now.Sub(l.stats.Started) - e.sent }

// isSlow reports whether a contact is doubtful, is known to need longer than W, or has failed
// lately, which says nothing while nobody has answered.
func (l *Lookup) isSlow(e *Candidate) bool {
	w, s := l.cfg.Late, l.cfg.Searcher
	return w > 0 && (l.isDoubtful(e) || s != nil && (s.RTT(e.contact) > w || l.stats.Answered > 0 && s.HasFailed(e.contact)))
}

// isDoubtful reports whether whoever named a contact first has named two that are late, or
// have failed, and none that has answered: it may have invented them all.
func (l *Lookup) isDoubtful(e *Candidate) bool {
	if e.namedBy == 0 {
		return false
	}
	late := 0
	for i := range l.list.entries {
		other := &l.list.entries[i]
		switch {
		case other.namedBy != e.namedBy:
		case other.state == answered:
			return false
		case other.state == overrun, other.state == failed, other.state == aside && !other.slow:
			late++
		}
	}
	return late >= doubtfulAfter
}

// mayAskAside reports whether one more that is slow may be set aside as soon as it is asked,
// so that others are asked beside it: K at a time, beside one at least that is not.
func (l *Lookup) mayAskAside() bool {
	n := 0
	for i := range l.list.entries {
		if l.list.entries[i].state == aside {
			n++
		}
	}
	return l.pending > 1 && n < l.cfg.K
}

// mostLate reports whether more are late than have answered, of those that were not known
// to be.
func (l *Lookup) mostLate(w time.Duration) bool {
	late := 0
	for i := range l.list.entries {
		e := &l.list.entries[i]
		if (e.state == overrun || e.waited()) && l.waitedFor(e) >= w && !e.slow {
			late++
		}
	}
	return late > l.stats.Answered
}

// patience is how long a candidate is waited for. While nobody has answered that is until
// it fails: then nothing says that it is slower than others.
func (l *Lookup) patience(e *Candidate, mostLate bool) (most time.Duration, ok bool) {
	switch {
	case l.stats.Answered == 0:
		return 0, false
	case mostLate || l.cfg.Repeats && !e.slow:
		return MaxWait, true
	}
	return l.cfg.Late, true
}

// leaveLate sets those aside that are late by W, and no longer waits for those that overran
// their time.
func (l *Lookup) leaveLate() {
	w := l.cfg.Late
	if w == 0 || l.pending == 0 {
		return
	}
	mostLate := l.mostLate(w)
	for i := range l.list.entries {
		e := &l.list.entries[i]
		if e.state == asked && l.waitedFor(e) >= w {
			l.settle(i, aside)
			l.record(l.now, SetAside, e)
		}
		if !e.waited() {
			continue
		}
		if most, ok := l.patience(e, mostLate); ok && l.waitedFor(e) >= most {
			l.settle(i, overrun)
		}
	}
}

// nextLate is when leaveLate is needed next; the zero time: not before something happens.
func (l *Lookup) nextLate() (at time.Time) {
	w := l.cfg.Late
	if w == 0 || l.pending == 0 {
		return at
	}
	mostLate := l.mostLate(w)
	for i := range l.list.entries {
		e := &l.list.entries[i]
		if !e.waited() {
			continue
		}
		due, ok := l.patience(e, mostLate)
		if e.state == asked && (!ok || w < due) {
			due, ok = w, true
		}
		t := l.stats.Started.Add(e.sent + due)
		if earliest := l.now.Add(wakeEvery); t.Before(earliest) {
			t = earliest
		}
		if ok && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	return at
}

// Overrun is how many the lookup does not wait for any more, although they have not failed.
func (l *Lookup) Overrun() (n int) {
	for i := range l.list.entries {
		if l.list.entries[i].state == overrun {
			n++
		}
	}
	return n
}

// Pending reports whether c was asked and is neither late, nor has it answered or failed.
func (l *Lookup) Pending(c identity.Contact) bool {
	i := l.list.index(c)
	return i >= 0 && l.list.entries[i].state == asked
}
