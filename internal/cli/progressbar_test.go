package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
)

// Without a terminal there is no bar.
func TestNoBar(t *testing.T) {
	var buffer bytes.Buffer
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, stderr := range []io.Writer{&buffer, file, io.Discard} {
		b := (&App{Stderr: stderr}).NewBar("nothing")
		b.next = time.Now()
		b.Update("lookups", 1, 2)
		b.End()
		if b.w != nil || b.shown != nil {
			t.Errorf("%T has a bar", stderr)
		}
	}
	if info, err := file.Stat(); err != nil || info.Size() != 0 || buffer.Len() != 0 {
		t.Errorf("%d bytes, %v; %q", info.Size(), err, &buffer)
	}
}

// A bar appears when something has lasted for long enough, not before; and is gone at
// the end. One that never appeared leaves nothing behind.
func TestBar(t *testing.T) {
	var w bytes.Buffer
	b := &Bar{w: &w, title: "10 nodes", next: time.Now().Add(time.Hour)}
	b.Update("lookups", 1, 400)
	b.End()
	if w.Len() > 0 {
		t.Errorf("too early: %q", &w)
	}
	b = &Bar{w: &w, title: "10 nodes"}
	b.Update("lookups", 100, 400)
	shown := w.String()
	for _, part := range []string{"10 nodes", "25%", "100/400", "lookups/"} {
		if !strings.Contains(shown, part) {
			t.Errorf("it lacks %q: %q", part, shown)
		}
	}
	b.Update("lookups", 200, 400)
	if w.String() != shown {
		t.Errorf("it is drawn again at once: %q", &w)
	}
	b.next = time.Time{}
	b.Update("virtual seconds", 1, 0) // a stage without a length, and then one with
	b.next = time.Time{}
	b.Update("virtual seconds", 7, 9)
	if !strings.Contains(w.String(), "7/9") {
		t.Errorf("the next stage: %q", &w)
	}
	w.Reset()
	b.End()
	if !strings.HasSuffix(w.String(), "\r") && !strings.HasSuffix(w.String(), "\x1b[2K\r") {
		t.Errorf("it stays: %q", &w)
	}
	b.next = time.Time{}
	w.Reset()
	b.Update("virtual seconds", 8, 9)
	if w.Len() > 0 {
		t.Errorf("after its end: %q", &w)
	}
}

// A bar says how fast its stage advances and how long it lasts, whatever came before.
func TestBarSaysHowFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w bytes.Buffer
		b := &Bar{w: &w, title: "10 nodes", began: time.Now()}
		b.Update("nodes", 1, 10)
		time.Sleep(5 * time.Second) // which count for nothing
		for done := range 31 {
			b.Update("lookups", 40*done, 4000)
			time.Sleep(100 * time.Millisecond)
		}
		b.End()
		last := regexp.MustCompile(`\(1200/4000, (\d+) lookups/s\) \[3s:[78]s\]`).FindStringSubmatch(w.String())
		if last == nil {
			t.Fatalf("%q", &w)
		}
		if rate, err := strconv.Atoi(last[1]); err != nil || rate < 360 || rate > 440 { // 400, by the means of some tenths
			t.Errorf("%s lookups/s, %v", last[1], err)
		}
	})
}

// A bar fits a terminal of 40 columns: nothing of it is on a second line.
func TestBarFits40Columns(t *testing.T) {
	t.Parallel()
	reader, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer terminal.Close()
	if err := pty.Setsize(terminal, &pty.Winsize{Rows: 24, Cols: 40}); err != nil {
		t.Fatal(err)
	}
	for _, title := range []string{"bench", "10000000 nodes"} {
		b := (&App{Stderr: terminal}).NewBar(title)
		var shown strings.Builder
		b.w, b.began = &shown, time.Now().Add(-100*time.Hour)
		for done := range 3 {
			b.next = time.Time{}
			b.Update("virtual seconds", 1+done*40000, 86400)
		}
		b.End()
		drawn := 0
		for line := range strings.SplitSeq(shown.String(), "\r") {
			if strings.Contains(line, "%") {
				drawn++
			}
			if columns := utf8.RuneCountInString(strings.TrimSuffix(line, "\x1b[2K")); columns >= 40 {
				t.Errorf("%d columns: %q", columns, line)
			}
		}
		if drawn < 2 || !strings.Contains(shown.String(), title) {
			t.Errorf("drawn %d times: %q", drawn, &shown)
		}
	}
}
