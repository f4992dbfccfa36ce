package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"kadmium/engine"
	"kadmium/internal/cli"
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

// Warnings are lines of the log: they have its format, its level and its limit.
func TestWarningsAreLinesOfTheLog(t *testing.T) {
	u := newUser(t)
	if err := os.Mkdir(filepath.Join(u.dir, "data"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(u.dir, "data"), 0o777); err != nil { // whatever the umask
		t.Fatal(err)
	}
	if got := loggedBy(u, "--data", "data"); !strings.Contains(got, `level=WARN msg="other users can replace files in the data directory" path=data mode=0777 next="chmod go-w data"`) {
		t.Errorf("no warning in %q", got)
	}
	for _, args := range [][]string{{"-q"}, {"--log-level", "error"}} {
		if got := loggedBy(u, append(args, "--data", "data")...); got != "" {
			t.Errorf("%v: %s", args, got)
		}
	}
	got := loggedBy(u, "--data", "data", "--log-format", "json", "--log-level", "warn")
	if line := decodeLine[map[string]string](t, got); line["level"] != "WARN" || line["path"] != "data" || line["next"] != "chmod go-w data" {
		t.Errorf("%v", line)
	}
}

// Why a node cannot start is a line of its log too, where programs read that; people read it
// as of other commands.
func TestFailureOfANodeIsALineOfItsLog(t *testing.T) {
	u := newUser(t)
	taken := u.silentPeer().LocalAddr().String()
	for _, format := range []string{"json", "text"} {
		r := u.kad("node", "--listen", taken, "--log-format", format, "--log-level", "error").exits(cli.ExitNotDone)
		if format == "text" {
			r.says("kad node: address in use", "\n  next: choose another port")
			continue
		}
		line := decodeLine[map[string]string](t, r.stderr)
		if line["level"] != "ERROR" || !strings.Contains(line["msg"], "kad node: address in use") || !strings.Contains(line["next"], "choose another port") {
			t.Errorf("%v", line)
		}
	}
}

// In JSON times and modes are text, as in the other format.
func TestLogInJSONIsReadable(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	log, _ := (&logFlags{level: "info", format: "json"}).open(&b, func(string) string { return "" })
	log.Logger().Info("m", "mode", engine.Server, "took", 18*time.Millisecond, "count", 7, "err", errors.New("no"), "at", []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:1")})
	log.Flush(true)
	log.Wait(patience)
	if _, got, _ := strings.Cut(b.String(), `"msg"`); got != `:"m","mode":"server","took":"18ms","count":7,"err":"no","at":["127.0.0.1:1"]}`+"\n" {
		t.Errorf("%s", got)
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
