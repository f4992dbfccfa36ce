package driver

import (
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Bounds of what a log gets (design R7.28, R8.40).
const (
	lineEvery  = time.Minute // between two lines of one message
	maxReasons = 64          // messages told apart; all further ones count as one
)

// A lineLimit bounds a log: of one message, which is what tells one reason from another, it
// passes on a line a minute at most. A line says how many like it were left out before it
// (left_out); where none follows, the last of those is due after the minute.
type lineLimit struct {
	now func() time.Time

	mu   sync.Mutex // a leaf
	said map[string]*reasonLines
}

// reasonLines are the lines of one reason.
type reasonLines struct {
	at      time.Time // of the last one passed on
	leftOut int       // since
	last    slog.Record
	from    *logHandler // of last
}

// due are the reasons of which lines were left out and whose minute is over, or with all
// also those whose is not, the oldest line first. They count as written.
func (l *lineLimit) due(all bool) (due []reasonLines) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.said {
		if r.leftOut > 0 && (all || now.Sub(r.at) >= lineEvery) {
			due = append(due, *r)
			*r = reasonLines{at: now}
		}
	}
	slices.SortFunc(due, func(a, b reasonLines) int { return a.last.Time.Compare(b.last.Time) })
	return due
}

// admit reports whether a line may be written now, and how many were left out before it.
func (l *lineLimit) admit(h *logHandler, r slog.Record) (leftOut int, ok bool) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.reason(now, r.Message)
	if !of.at.IsZero() && now.Sub(of.at) < lineEvery {
		of.leftOut++
		of.last, of.from = r.Clone(), h
		return 0, false
	}
	leftOut = of.leftOut
	*of = reasonLines{at: now}
	return leftOut, true
}

// reason is the entry of a message. The caller holds l.mu.
func (l *lineLimit) reason(now time.Time, message string) *reasonLines {
	if of := l.said[message]; of != nil {
		return of
	}
	if len(l.said) >= maxReasons {
		for m, of := range l.said {
			if of.leftOut == 0 && now.Sub(of.at) >= lineEvery {
				delete(l.said, m)
			}
		}
	}
	if len(l.said) >= maxReasons {
		message = "" // of all that have no entry of their own
	}
	of := l.said[message]
	if of == nil {
		of = new(reasonLines)
		l.said[message] = of
	}
	return of
}

// withLeftOut is a line that says how many like it were left out before it.
func withLeftOut(r slog.Record, leftOut int) slog.Record {
	if leftOut > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("left_out", leftOut))
	}
	return r
}
