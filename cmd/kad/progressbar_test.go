package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"kadmium/sim/report"
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
		b := (&app{stderr: stderr}).newBar("nothing")
		b.next = time.Now()
		b.update("lookups", 1, 2)
		b.end()
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
	b := &bar{w: &w, title: "10 nodes", next: time.Now().Add(time.Hour)}
	b.update("lookups", 1, 400)
	b.end()
	if w.Len() > 0 {
		t.Errorf("too early: %q", &w)
	}
	b = &bar{w: &w, title: "10 nodes"}
	b.update("lookups", 100, 400)
	shown := w.String()
	for _, part := range []string{"10 nodes", "25%", "100/400", "lookups/"} {
		if !strings.Contains(shown, part) {
			t.Errorf("it lacks %q: %q", part, shown)
		}
	}
	b.update("lookups", 200, 400)
	if w.String() != shown {
		t.Errorf("it is drawn again at once: %q", &w)
	}
	b.next = time.Time{}
	b.update("virtual seconds", 1, 0) // a stage without a length, and then one with
	b.next = time.Time{}
	b.update("virtual seconds", 7, 9)
	if !strings.Contains(w.String(), "7/9") {
		t.Errorf("the next stage: %q", &w)
	}
	w.Reset()
	b.end()
	if !strings.HasSuffix(w.String(), "\r") && !strings.HasSuffix(w.String(), "\x1b[2K\r") {
		t.Errorf("it stays: %q", &w)
	}
	b.next = time.Time{}
	w.Reset()
	b.update("virtual seconds", 8, 9)
	if w.Len() > 0 {
		t.Errorf("after its end: %q", &w)
	}
}

var drawnBar = regexp.MustCompile(`(\d+)% .*\((\d+)/(\d+), (\d+) (lookups|virtual seconds)/s\) \[(\d+)s:(\w+)\]`)

// On a terminal a simulation shows how far it is, how fast, and how long it will take.
// SIGINT ends it with a report of what it has measured.
func TestSimSignalled(t *testing.T) {
	for _, args := range [][]string{
		{"--nodes", "2000", "--lookups", "3000000"},
		{"--nodes", "300", "--lookups", "3000000", "--workload", "value"},
	} {
		t.Run(args[len(args)-1], func(t *testing.T) {
			u := newUser(t)
			terminal, stderr, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer terminal.Close()
			if err := pty.Setsize(terminal, &pty.Winsize{Rows: 24, Cols: 132}); err != nil {
				t.Fatal(err)
			}
			cmd := u.command(t.Context(), append([]string{"sim", "--json"}, args...)...)
			var out strings.Builder
			cmd.Stdout, cmd.Stderr = &out, stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			stderr.Close()
			time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
			var seen strings.Builder
			var drawn []string
			for piece := make([]byte, 4096); ; {
				n, err := terminal.Read(piece) // at the end of the process: EIO
				seen.Write(piece[:n])
				if drawn == nil {
					if drawn = drawnBar.FindStringSubmatch(seen.String()); drawn != nil {
						if err := cmd.Process.Signal(os.Interrupt); err != nil {
							t.Fatal(err)
						}
					}
				}
				if err != nil {
					break
				}
			}
			err = cmd.Wait()
			if drawn == nil {
				t.Fatalf("%v: no bar, but %q", err, &seen)
			}
			number := func(i int) float64 { f, _ := strconv.ParseFloat(drawn[i], 64); return f }
			if done, rate, seconds := number(2), number(4), number(6); seconds < 1 || rate*seconds > 2*done || rate*(seconds+2) < done/2 {
				t.Errorf("%v done in %v s is said to be %v a second", done, seconds, rate)
			}
			if code := cmd.ProcessState.ExitCode(); code != exitNotDone || !strings.Contains(seen.String(), "kad sim: interrupted: ") {
				t.Errorf("exit code %d: %q", code, &seen)
			}
			if r := decodeLine[report.Report](t, out.String()); !r.Partial || r.Lookups < 20 || r.Succeeded != r.Lookups || r.Config.Lookups != 3000000 {
				t.Errorf("%d lookups, %d succeeded, partial %v", r.Lookups, r.Succeeded, r.Partial)
			}
		})
	}
}
