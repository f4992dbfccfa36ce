package driver

import (
	"context"
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

// A LineLimit bounds a log: of one message, which is what tells one reason from another, it
// passes on a line a minute at most, at levels from info on. A line says how many like it
// were left out before it (left_out); where none follows, Flush writes the last of those.
type LineLimit struct {
	now func() time.Time

	mu   sync.Mutex // a leaf; not held while a line is written
	said map[string]*reasonLines
}

// reasonLines are the lines of one reason.
type reasonLines struct {
	at      time.Time // of the last one passed on
	leftOut int       // since
	last    slog.Record
	to      slog.Handler // of last
}

// NewLineLimit makes one that goes by the given time.
func NewLineLimit(now func() time.Time) *LineLimit {
	return &LineLimit{now: now, said: make(map[string]*reasonLines)}
}

// Handler is h within the limit. What lies in a Handler of a LineLimit keeps to that one.
func (l *LineLimit) Handler(h slog.Handler) slog.Handler { return &limitedHandler{h, l} }

// Flush writes the last line of each reason of which lines were left out and whose minute is
// over, or with all also before that.
func (l *LineLimit) Flush(all bool) {
	now := l.now()
	l.mu.Lock()
	var due []reasonLines
	for _, r := range l.said {
		if r.leftOut > 0 && (all || now.Sub(r.at) >= lineEvery) {
			due = append(due, *r)
			r.at, r.leftOut, r.last, r.to = now, 0, slog.Record{}, nil
		}
	}
	l.mu.Unlock()
	slices.SortFunc(due, func(a, b reasonLines) int { return a.last.Time.Compare(b.last.Time) })
	for _, r := range due {
		write(context.Background(), r.to, r.last, r.leftOut-1)
	}
}

// admit reports whether a line may be written now, and how many were left out before it.
func (l *LineLimit) admit(h slog.Handler, r slog.Record) (leftOut int, ok bool) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.reason(now, r.Message)
	if !of.at.IsZero() && now.Sub(of.at) < lineEvery {
		of.leftOut++
		of.last, of.to = r.Clone(), h
		return 0, false
	}
	leftOut = of.leftOut
	*of = reasonLines{at: now}
	return leftOut, true
}

// reason is the entry of a message. The caller holds l.mu.
func (l *LineLimit) reason(now time.Time, message string) *reasonLines {
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

func write(ctx context.Context, h slog.Handler, r slog.Record, leftOut int) error {
	if leftOut > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("left_out", leftOut))
	}
	return h.Handle(ctx, r)
}

// A limitedHandler is a slog.Handler within a LineLimit.
type limitedHandler struct {
	slog.Handler
	limit *LineLimit
}

func (h *limitedHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < slog.LevelInfo {
		return h.Handler.Handle(ctx, r)
	}
	leftOut, ok := h.limit.admit(h.Handler, r)
	if !ok {
		return nil
	}
	return write(ctx, h.Handler, r, leftOut)
}

func (h *limitedHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.limit.Handler(h.Handler.WithAttrs(attrs))
}

func (h *limitedHandler) WithGroup(name string) slog.Handler {
	return h.limit.Handler(h.Handler.WithGroup(name))
}

// limitLines puts a logger within a limit, unless it is within one already.
func limitLines(to *slog.Logger, now func() time.Time) (*slog.Logger, *LineLimit) {
	if h, ok := to.Handler().(*limitedHandler); ok {
		return to, h.limit
	}
	l := NewLineLimit(now)
	return slog.New(l.Handler(to.Handler())), l
}
