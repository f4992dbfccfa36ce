package api

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"slices"
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

// acceptAll accepts clients until the listener is closed or the context ends.
func acceptAll(ctx context.Context, l net.Listener, log *slog.Logger) {
	clients := newConnections(ctx, acceptor{Listener: l, log: log}, maxUnixConnections, new(counters))
	for {
		c, err := clients.Accept()
		if err != nil {
			return
		}
		c.Close()
	}
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
			acceptAll(t.Context(), &failingListener{errors: c.errors}, slog.New(slog.NewTextHandler(&log, nil)))
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
		acceptAll(ctx, l, slog.New(slog.DiscardHandler))
		if took := time.Since(began); took != 100*time.Millisecond {
			t.Errorf("took %s", took)
		}
	})
}
