//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kadmium/internal/cli"
)

// unread is a pipe that nobody reads: both of its ends, which cost the test nothing to wait for.
func unread(t *testing.T) *os.File {
	t.Helper()
	path := filepath.Join(shortDir(t), "log")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// fill writes to a pipe until it is full.
func fill(t *testing.T, f *os.File) {
	t.Helper()
	line := []byte(strings.Repeat(".", 1023) + "\n")
	for len(line) > 0 {
		_ = f.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
		if n, err := f.Write(line); errors.Is(err, os.ErrDeadlineExceeded) {
			line = line[:len(line)/2]
		} else if err != nil || n < len(line) {
			t.Fatal(n, err)
		}
	}
}

// nodeLoggingTo starts a node whose stderr is a pipe, and waits until it is ready.
func (u *user) nodeLoggingTo(pipe *os.File, args ...string) *runningNode {
	u.t.Helper()
	w, err := os.OpenFile(pipe.Name(), os.O_WRONLY, 0)
	if err != nil {
		u.t.Fatal(err)
	}
	defer w.Close()
	cmd := u.command(context.Background(), append([]string{"node", "--listen", "/ip4/127.0.0.1/udp/0", "--json"}, args...)...)
	cmd.Stderr = w
	n := u.startNode(cmd)
	n.ready = decodeLine[readyLine](u.t, n.line())
	return n
}

// A node whose stderr nobody reads serves as others do, and ends when it is told to. Whoever
// reads it again is told how many lines were lost, and then gets the new ones.
func TestNobodyReadsTheLog(t *testing.T) {
	u := newUser(t)
	first := u.node("--control", "first")
	log := unread(t)
	n := u.nodeLoggingTo(log, "--log-level", "debug", "--bootstrap", first.address(), "--control", "n")
	fill(t, log)
	begun := time.Now()
	for i := range 20 {
		u.kad("closest", fmt.Sprint("key", i), "--control", "n").exits(cli.ExitDone)
	}
	u.kad("ping", n.address(), "--control", "first").exits(cli.ExitDone)
	u.kad("stats", "--control", "n").exits(cli.ExitDone)
	if took := time.Since(begun); took > patience/2 {
		t.Errorf("it took %v", took)
	}
	n.stop(syscall.SIGTERM)

	again := unread(t)
	n = u.nodeLoggingTo(again, "--log-level", "debug", "--bootstrap", first.address(), "--control", "n")
	fill(t, again)
	for i := range 20 {
		u.kad("closest", fmt.Sprint("key", i), "--control", "n").exits(cli.ExitDone)
	}
	read := make(chan string)
	go func() {
		var text strings.Builder
		b := make([]byte, 4096)
		for strings.Count(text.String(), "purpose=closest") < 20 {
			_ = again.SetReadDeadline(time.Now().Add(patience))
			k, err := again.Read(b)
			if text.Write(b[:k]); err != nil {
				break
			}
		}
		read <- text.String()
	}()
	if text := <-read; strings.Count(text, "purpose=closest") != 20 || strings.Contains(text, "lost") {
		t.Errorf("once it is read the log has\n%s", text)
	}
	n.stop(syscall.SIGTERM)
	first.stop(syscall.SIGTERM)
}

// A node that ends because it failed does so also where nobody reads why.
func TestNobodyReadsTheFailure(t *testing.T) {
	u := newUser(t)
	log := unread(t)
	fill(t, log)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := u.command(ctx, "node", "--listen", "/ip4/127.0.0.1/udp/0", "--data", "/proc/kad")
	w, err := os.OpenFile(log.Name(), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	cmd.Stderr, cmd.Stdout = w, io.Discard
	cmd.WaitDelay = time.Second
	if _ = cmd.Run(); ctx.Err() != nil || cmd.ProcessState.ExitCode() != cli.ExitNotDone {
		t.Errorf("it ended with %v, %v", cmd.ProcessState, ctx.Err())
	}
}

// What was logged before a failure stands before it, and nothing is left out.
func TestLogEndsBeforeTheFailure(t *testing.T) {
	u := newUser(t)
	if err := os.WriteFile(filepath.Join(u.dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := u.kad("node", "--listen", "/ip4/127.0.0.1/udp/0", "--control", "file").exits(cli.ExitNotDone).says("msg=listening", "left as it is")
	if strings.Index(r.stderr, "msg=listening") > strings.Index(r.stderr, "kad node: ") {
		t.Errorf("out of order:\n%s", r.stderr)
	}
}

// A supervisor that reads nothing does not keep a node from ending.
func TestSupervisorReadsNothing(t *testing.T) {
	t.Parallel()
	path, _ := supervise(t, shortDir(t))
	s := newSupervisor(func(name string) string { return map[string]string{"NOTIFY_SOCKET": path}[name] }, slog.New(slog.DiscardHandler))
	defer s.conn.Close()
	for err := error(nil); err == nil; { // until the socket is full
		_ = s.conn.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
		_, err = s.conn.Write([]byte("STATUS=."))
	}
	_ = s.conn.SetWriteDeadline(time.Time{})
	told := make(chan struct{})
	go func() {
		s.stopping()
		close(told)
	}()
	select {
	case <-told:
	case <-time.After(10 * tellTime):
		t.Error("the node waits for it")
	}
}
