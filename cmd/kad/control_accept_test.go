package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// failingListener fails with the errors in turn, where nil is a client; then it is
// closed.
type failingListener struct {
	net.Listener
	errors []error
}

func (l *failingListener) Accept() (net.Conn, error) {
	if len(l.errors) == 0 {
		return nil, net.ErrClosed
	}
	err := l.errors[0]
	l.errors = l.errors[1:]
	if err != nil {
		return nil, &net.OpError{Op: "accept", Net: "unix", Err: os.NewSyscallError("accept4", err)}
	}
	c, other := net.Pipe()
	other.Close()
	return c, nil
}

// Errors of accept are logged once and tried again, with longer and longer pauses; the
// reserve makes the first try after "no file handle left" succeed without any.
func TestAcceptIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			errors []error
			took   time.Duration
			logged int
		}{
			{[]error{nil}, 0, 0},
			{[]error{syscall.EMFILE, nil, nil}, 0, 2},
			{[]error{syscall.ENFILE, syscall.ENFILE, nil, nil}, minAcceptPause, 2},
			{[]error{syscall.ECONNABORTED, syscall.ENOBUFS, syscall.ENOBUFS, nil, nil}, 7 * minAcceptPause, 2},
			{slices.Repeat([]error{syscall.ENOMEM}, 20), 127*minAcceptPause + 13*maxAcceptPause, 1},
		} {
			var log bytes.Buffer
			began := time.Now()
			acceptControlClients(t.Context(), &failingListener{errors: c.errors}, nil, slog.New(slog.NewTextHandler(&log, nil)))
			if took := time.Since(began); took != c.took {
				t.Errorf("%v: took %s, want %s", c.errors, took, c.took)
			}
			if logged := strings.Count(log.String(), "control socket"); logged != c.logged {
				t.Errorf("%v: %d lines logged, want %d:\n%s", c.errors, logged, c.logged, &log)
			}
		}
	})
}

// A context that ends while accept fails ends the server.
func TestAcceptEndsWithTheNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		l := &failingListener{errors: slices.Repeat([]error{syscall.ENOMEM}, 20)}
		acceptControlClients(ctx, l, nil, slog.New(slog.DiscardHandler))
		if took := time.Since(began); took != 100*time.Millisecond {
			t.Errorf("took %s", took)
		}
	})
}

// A node without a free file handle says so, and serves other callers of the control
// socket.
func TestControlSocketWithoutFileHandles(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("counts file handles in /proc/PID/fd: run it on Linux")
	}
	u := newUser(t)
	const limit = 30
	node := u.command(context.Background(), "node", "--listen", "127.0.0.1:0", "--control", "c")
	node.Path, node.Args = "/bin/sh", append([]string{"sh", "-c", fmt.Sprintf(`ulimit -n %d; exec "$0" "$@"`, limit)}, node.Args...)
	n := u.startNode(node)
	n.line()
	handles := func() int {
		open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", n.cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		return len(slices.DeleteFunc(open, func(e os.DirEntry) bool { // those inherited may be above the limit
			handle, _ := strconv.Atoi(e.Name())
			return handle >= limit
		}))
	}
	for callers := 0; handles() < limit; callers++ { // which send nothing
		if callers == 2*limit {
			t.Fatalf("%d callers, and the node has %d file handles", callers, handles())
		}
		before, until := handles(), time.Now().Add(100*time.Millisecond)
		c, err := net.Dial("unix", filepath.Join(u.dir, "c"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		// Another handle may have been closed meanwhile: do not wait for long.
		for handles() <= before && handles() < limit && time.Now().Before(until) {
			time.Sleep(time.Millisecond)
		}
	}
	for range 3 {
		u.kad("table", "--control", "c", "--timeout", "3s").exits(exitDone)
	}
	n.stop(syscall.SIGTERM)
	if log := n.stderr.String(); !strings.Contains(log, "control socket") || !strings.Contains(log, "too many open files") {
		t.Errorf("the node said nothing of it:\n%s", log)
	}
}
