package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// loggedBy is what a node that starts and is told to end writes to stderr.
func loggedBy(u *user, args ...string) string {
	u.t.Helper()
	n := u.node(args...)
	n.stop(syscall.SIGTERM)
	return n.stderr.String()
}

// Each level has what it says; the formats are text and JSON, a line each; -q has nothing
// where nothing is wrong.
func TestLogLevelsAndFormats(t *testing.T) {
	u := newUser(t)
	info := loggedBy(u)
	for _, want := range []string{"level=INFO msg=listening peer=12D3Koo", "level=INFO msg=alone because=", "level=INFO msg=closing"} {
		if !strings.Contains(info, want) {
			t.Errorf("at info no %q in\n%s", want, info)
		}
	}
	first := u.node()
	if debug := loggedBy(u, "--log-level", "debug", "--bootstrap", first.address()); !strings.Contains(debug, "level=DEBUG msg=\"lookup ended\"") || !strings.Contains(debug, "level=INFO msg=joined peers=1 took=") {
		t.Errorf("at debug:\n%s", debug)
	}
	first.stop(syscall.SIGTERM)
	for _, args := range [][]string{{"--log-level", "warn"}, {"--log-level", "error"}, {"-q"}} {
		if got := loggedBy(u, args...); got != "" {
			t.Errorf("%v: %s", args, got)
		}
	}
	lines := bufio.NewScanner(strings.NewReader(loggedBy(u, "--log-format", "json", "--log-level", "debug")))
	count := 0
	for ; lines.Scan(); count++ {
		var line struct{ Time, Level, Msg string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil || line.Msg == "" || line.Level == "" || line.Time == "" {
			t.Errorf("%v: %s", err, lines.Text())
		}
	}
	if count < 3 {
		t.Errorf("%d lines", count)
	}
}

// Warnings that are no lines of the log are left out by -q too.
func TestQuietWarnsOfNothing(t *testing.T) {
	u := newUser(t)
	if err := os.Mkdir(filepath.Join(u.dir, "data"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(u.dir, "data"), 0o777); err != nil { // whatever the umask
		t.Fatal(err)
	}
	if got := loggedBy(u, "--data", "data"); !strings.Contains(got, "warning: ") {
		t.Errorf("no warning in %q", got)
	}
	if got := loggedBy(u, "--data", "data", "-q"); got != "" {
		t.Errorf("with -q: %s", got)
	}
}

func TestPriorities(t *testing.T) {
	t.Parallel()
	for l, want := range map[slog.Level]string{slog.LevelError + 1: "<3>", slog.LevelError: "<3>", slog.LevelWarn: "<4>", slog.LevelInfo: "<6>", slog.LevelDebug: "<7>"} {
		if got := priority(l); got != want {
			t.Errorf("%v: %s, want %s", l, got, want)
		}
	}
}

// supervise listens as systemd does.
func supervise(t *testing.T, dir string) (path string, next func() string) {
	t.Helper()
	path = filepath.Join(dir, "notify.sock")
	conn, err := net.ListenPacket("unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return path, func() string {
		b := make([]byte, 256)
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		n, _, err := conn.ReadFrom(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
}

// A node tells its supervisor when it is ready, that it lives, and that it ends.
func TestSupervisorIsTold(t *testing.T) {
	u := newUser(t)
	path, next := supervise(t, u.dir)
	u.env = append(u.env, "NOTIFY_SOCKET="+path, "WATCHDOG_USEC=20000")
	n := u.node()
	if got := next(); got != "READY=1" {
		t.Errorf("first %q", got)
	}
	for range 3 {
		if got := next(); got != "WATCHDOG=1" {
			t.Errorf("then %q", got)
		}
	}
	n.stop(syscall.SIGTERM)
	got := next()
	for got == "WATCHDOG=1" {
		got = next()
	}
	if got != "STOPPING=1" {
		t.Errorf("at its end %q", got)
	}
	u.env = append(u.env, "NOTIFY_SOCKET="+filepath.Join(u.dir, "nowhere"))
	if got := loggedBy(u); !strings.Contains(got, "the supervisor is not told") {
		t.Errorf("nobody listens: %s", got)
	}
}

// A node that does not live does not say so; the watchdog of another process is
// not its own.
func TestWatchdogOfASickNode(t *testing.T) {
	t.Parallel()
	path, next := supervise(t, shortDir(t))
	env := map[string]string{"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "2000", "WATCHDOG_PID": "1"}
	getenv := func(name string) string { return env[name] }
	log := slog.New(slog.DiscardHandler)
	if s := newSupervisor(getenv, log); s.every != 0 {
		t.Errorf("every %v for another process", s.every)
	}
	env["WATCHDOG_PID"] = fmt.Sprint(os.Getpid())
	s := newSupervisor(getenv, log)
	var asked atomic.Int32
	ctx, end := context.WithCancel(t.Context())
	s.ready(ctx, func() bool {
		if asked.Add(1) == 5 {
			s.stopping()
		}
		return false
	})
	if first, then := next(), next(); first != "READY=1" || then != "STOPPING=1" {
		t.Errorf("told %q, %q", first, then)
	}
	end()
	if s := newSupervisor(func(string) string { return "" }, log); s != nil {
		t.Error("a supervisor that nobody named")
	}
	(*supervisor)(nil).ready(t.Context(), nil)
}
