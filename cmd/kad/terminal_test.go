package main

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
)

// newTerminal is a terminal of so many columns: what it shows, and what programs write to.
func newTerminal(t *testing.T, columns uint16) (screen, terminal *os.File) {
	t.Helper()
	screen, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		screen.Close()
		terminal.Close()
	})
	if err := pty.Setsize(screen, &pty.Winsize{Rows: 24, Cols: columns}); err != nil {
		t.Fatal(err)
	}
	return screen, terminal
}

// onTerminal runs the command with stdout at a terminal of so many columns, and returns what
// stands there.
func (u *user) onTerminal(columns uint16, args ...string) string {
	u.t.Helper()
	screen, terminal := newTerminal(u.t, columns)
	cmd := u.command(u.t.Context(), args...)
	cmd.Stdout = terminal
	err := cmd.Start()
	terminal.Close()
	if err != nil {
		u.t.Fatal(err)
	}
	deadline := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer deadline.Stop()
	shown, _ := io.ReadAll(screen) // at the end of the process: EIO
	if err := cmd.Wait(); err != nil {
		u.t.Errorf("kad %q: %v, %s", args, err, shown)
	}
	return strings.ReplaceAll(string(shown), "\r\n", "\n")
}

// A value printed to a terminal ends its line, so that the prompt does not follow it. A
// pipe gets exactly the bytes.
func TestValueEndsItsLineOnATerminal(t *testing.T) {
	u := newUser(t)
	n := u.node()
	for key, value := range map[string]string{"/v/open": "world", "/v/ended": "world\n", "/v/empty": ""} {
		u.kad("put", key, value).exits(exitDone)
		if r := u.kad("get", key).exits(exitDone); r.stdout != value {
			t.Errorf("get %s to a pipe: %q", key, r.stdout)
		}
		want := value
		if key == "/v/open" {
			want += "\n"
		}
		if shown := u.onTerminal(80, "get", key); shown != want {
			t.Errorf("get %s to a terminal: %q, want %q", key, shown, want)
		}
	}
	send := []string{"send", n.ready.Peer.String(), echoProtocol, "hi"}
	if shown := u.onTerminal(80, send...); shown != "hi\n" {
		t.Errorf("send to a terminal: %q", shown)
	}
	if r := u.kad(send...).exits(exitDone); r.stdout != "hi" {
		t.Errorf("send to a pipe: %q", r.stdout)
	}
}

// A bar fits a terminal of 40 columns: nothing of it is on a second line.
func TestBarFits40Columns(t *testing.T) {
	t.Parallel()
	_, terminal := newTerminal(t, 40)
	for _, title := range []string{"bench", "10000000 nodes"} {
		b := (&app{stderr: terminal}).newBar(title)
		var shown strings.Builder
		b.w, b.began = &shown, time.Now().Add(-100*time.Hour)
		for done := range 3 {
			b.next = time.Time{}
			b.update("virtual seconds", 1+done*40000, 86400)
		}
		b.end()
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
