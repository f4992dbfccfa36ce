package driver

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// limited is a log within a limit, at a time that the test sets.
func limited() (text *bytes.Buffer, log *slog.Logger, l *Log, now *time.Time) {
	text, now = new(bytes.Buffer), new(time.Time)
	*now = time.Unix(1e9, 0)
	h := slog.NewTextHandler(text, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})
	l = NewLog(h, func() time.Time { return *now })
	return text, l.Logger(), l, now
}

func wantText(t *testing.T, l *Log, b *bytes.Buffer, want string) {
	t.Helper()
	l.Wait(time.Minute)
	if b.String() != want {
		t.Errorf("have\n%swant\n%s", b, want)
	}
	b.Reset()
}

// A thousand lines of one reason in a second are one, and a minute later the last with the
// number of the others.
func TestThousandLinesOfOneReason(t *testing.T) {
	text, log, l, now := limited()
	for i := range 1000 {
		log.Warn("it fails", "try", i)
		*now = now.Add(time.Millisecond)
	}
	log.Info("it works")
	wantText(t, l, text, "level=WARN msg=\"it fails\" try=0\nlevel=INFO msg=\"it works\"\n")
	l.Flush(false)
	wantText(t, l, text, "")
	*now = now.Add(time.Minute)
	l.Flush(false)
	wantText(t, l, text, "level=WARN msg=\"it fails\" try=999 left_out=998\n")
	*now = now.Add(2 * time.Minute)
	l.Flush(false)
	wantText(t, l, text, "")
	log.Warn("it fails", "try", 1000)
	wantText(t, l, text, "level=WARN msg=\"it fails\" try=1000\n")
}

// Whoever comes first after the minute says how many were left out; the end of a log loses
// no number; lines at level debug have no limit; what a logger was given stays with it.
func TestLinesLeftOutAreTold(t *testing.T) {
	text, log, l, now := limited()
	log.Info("x")
	log.With("of", 1).WithGroup("g").Info("x", "a", 2)
	*now = now.Add(time.Minute)
	log.Info("x")
	wantText(t, l, text, "level=INFO msg=x\nlevel=INFO msg=x left_out=1\n")
	log.With("of", 1).WithGroup("g").Info("x", "a", 2)
	l.Flush(true)
	wantText(t, l, text, "level=INFO msg=x of=1 g.a=2\n")
	for range 3 {
		log.Debug("x")
	}
	wantText(t, l, text, "level=DEBUG msg=x\nlevel=DEBUG msg=x\nlevel=DEBUG msg=x\n")
}

// Messages that are all different, as another could cause, take no more room and no more lines.
func TestLineLimitIsBounded(t *testing.T) {
	text, log, l, now := limited()
	for i := range 10_000 {
		log.Error(fmt.Sprint("from port ", i))
	}
	l.Wait(time.Minute)
	if n := strings.Count(text.String(), "\n"); n != maxReasons+1 || len(l.limit.said) > maxReasons+1 {
		t.Errorf("%d lines, %d reasons remembered", n, len(l.limit.said))
	}
	text.Reset()
	*now = now.Add(2 * time.Minute)
	l.Flush(false)
	wantText(t, l, text, fmt.Sprintf("level=ERROR msg=\"from port 9999\" left_out=%d\n", 10_000-maxReasons-2))
	*now = now.Add(2 * time.Minute)
	log.Error("another")
	if len(l.limit.said) != 1 {
		t.Errorf("%d reasons remembered, want 1", len(l.limit.said))
	}
}

// Nodes that share a limited log keep to one limit.
func TestLimitOfALimitedLogger(t *testing.T) {
	_, log, _, _ := limited()
	if same := WithinLog(log, time.Now); same != log {
		t.Error("it has a second limit")
	}
}
