package driver

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// maxLines bounds the lines of a log that wait to be written (design R8.43). Lines below
// level info have half of it, so that they do not displace what somebody has to know.
const maxLines = 1024

// A lineQueue has lines written in order, by a goroutine that exists while there are any.
type lineQueue struct {
	now func() time.Time
	to  slog.Handler // is told how many were lost

	mu      sync.Mutex // a leaf; not held while a line is written
	lines   []line
	writing chan struct{} // closed when the goroutine ends; nil: there is none
	lost    int           // since that was last told
	level   slog.Level    // the highest of those
}

// A line waits to be written.
type line struct {
	to     slog.Handler
	record slog.Record
}

// add has a line written, or counts it as lost where too many wait.
func (q *lineQueue) add(h *logHandler, r slog.Record) {
	room := maxLines
	if r.Level < slog.LevelInfo {
		room = maxLines / 2
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.lines) >= room {
		q.level = max(q.level, r.Level)
		q.lost++
		if h.lost != nil {
			h.lost.Add(1)
		}
		return
	}
	if q.lost > 0 {
		q.lines = append(q.lines, q.loss())
	}
	q.lines = append(q.lines, line{h.Handler, r.Clone()})
	if q.writing == nil {
		q.writing = make(chan struct{})
		go q.write()
	}
}

// loss is the line that tells what was lost, whatever the level of the log: one below it is
// not lost. The caller holds q.mu.
func (q *lineQueue) loss() line {
	r := slog.NewRecord(q.now(), max(q.level, slog.LevelWarn), "lines of the log were lost: nobody has read it", 0)
	r.AddAttrs(slog.Int("lines", q.lost))
	q.lost, q.level = 0, slog.LevelDebug
	return line{q.to, r}
}

// write writes lines until there are none.
func (q *lineQueue) write() {
	for l, ok := q.next(); ok; l, ok = q.next() {
		_ = l.to.Handle(context.Background(), l.record) // nobody else could be told
	}
}

// next takes the first line. Without any, the goroutine ends.
func (q *lineQueue) next() (l line, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case len(q.lines) > 0:
		l, q.lines[0] = q.lines[0], line{}
		q.lines = q.lines[1:]
		return l, true
	case q.lost > 0:
		return q.loss(), true
	}
	close(q.writing)
	q.writing, q.lines = nil, nil
	return line{}, false
}

// running is closed when all lines are written; nil: they are.
func (q *lineQueue) running() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.writing
}
