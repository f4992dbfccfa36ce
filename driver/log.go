package driver

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"
	"time"
)

// lastLinesTime is how long a driver that ends waits for the last lines of its log to be
// written.
const lastLinesTime = 500 * time.Millisecond

// A Log stands between those who log, often with locks held, and a slog.Handler that may
// wait for a reader: nobody waits for it (design R7.36). Of one message it passes on a line
// a minute at most, at levels from info on (R7.28).
type Log struct {
	to    slog.Handler
	queue lineQueue
	limit lineLimit
}

// NewLog makes one that goes by the given time.
func NewLog(to slog.Handler, now func() time.Time) *Log {
	l := &Log{to: to}
	l.queue.to, l.queue.now = to, now
	l.limit.now, l.limit.said = now, make(map[string]*reasonLines)
	return l
}

// WithinLog is a logger that delays nobody: the given one, if it is in a Log already.
func WithinLog(to *slog.Logger, now func() time.Time) *slog.Logger {
	if _, ok := to.Handler().(*logHandler); ok {
		return to
	}
	return NewLog(to.Handler(), now).Logger()
}

// Logger logs to the Log.
func (l *Log) Logger() *slog.Logger { return slog.New(&logHandler{Handler: l.to, log: l}) }

// Writer is w for texts in between the lines; it takes them without waiting.
func (l *Log) Writer(w io.Writer) io.Writer { return &textWriter{log: l, to: w} }

// Flush writes the last line of each reason of which lines were left out and whose minute is
// over, or with all also before that.
func (l *Log) Flush(all bool) {
	for _, r := range l.limit.due(all) {
		l.queue.add(r.from, withLeftOut(r.last, r.leftOut-1))
	}
}

// Wait waits until what was logged is written, for a time at most.
func (l *Log) Wait(most time.Duration) {
	writing := l.queue.running()
	if writing == nil {
		return
	}
	select {
	case <-writing:
	case <-time.After(most):
	}
}

// A logHandler is a slog.Handler of a Log.
type logHandler struct {
	slog.Handler
	log       *Log
	unlimited bool           // for what has a limit of its own
	lost      *atomic.Uint64 // counts its lines that were lost; nil: nobody counts
}

func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	if !h.unlimited && r.Level >= slog.LevelInfo {
		leftOut, ok := h.log.limit.admit(h, r)
		if !ok {
			return nil
		}
		r = withLeftOut(r, leftOut)
	}
	h.log.queue.add(h, r)
	return nil
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.Handler = h.Handler.WithAttrs(attrs)
	return &with
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	with := *h
	with.Handler = h.Handler.WithGroup(name)
	return &with
}

// A textWriter writes texts where a Log writes its lines.
type textWriter struct {
	log *Log
	to  io.Writer
}

func (w *textWriter) Write(p []byte) (int, error) {
	h := &logHandler{Handler: textHandler{slog.DiscardHandler, w.to}, log: w.log}
	w.log.queue.add(h, slog.NewRecord(time.Time{}, slog.LevelError, string(p), 0))
	return len(p), nil
}

// A textHandler writes messages as they are.
type textHandler struct {
	slog.Handler
	to io.Writer
}

func (h textHandler) Handle(_ context.Context, r slog.Record) error {
	_, err := io.WriteString(h.to, r.Message)
	return err
}

// openLog makes the driver's loggers: in the Log of the given one, if it has one, or in a
// Log of its own.
func (d *Driver) openLog(to *slog.Logger) {
	_, shared := to.Handler().(*logHandler)
	h := *WithinLog(to, d.now).Handler().(*logHandler)
	h.lost = &d.linesLost
	unlimited := h
	unlimited.unlimited = true
	d.log, d.ownLog = h.log, !shared
	d.logger, d.unlimited = slog.New(&h), slog.New(&unlimited)
}

// closeLog has what was left out written, and waits a moment for the last lines of a log
// that nobody else closes.
func (d *Driver) closeLog() {
	d.log.Flush(true)
	if d.ownLog {
		d.log.Wait(lastLinesTime)
	}
}
