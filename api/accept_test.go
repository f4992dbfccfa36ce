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
	clients := newConnections(ctx, acceptor{Listener: l, log: log, name: "control socket"}, maxUnixConnections, new(counters))
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
			{[]error{syscall.EMFILE, nil, nil}, 0, 1},
			{[]error{syscall.ENFILE, syscall.ENFILE, nil, nil}, minAcceptPause, 1},
			{[]error{syscall.ECONNABORTED, syscall.ENOBUFS, syscall.ENOBUFS, nil, nil}, 7 * minAcceptPause, 1},
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

// Where file handles are missing now and then, the log says so once a minute at most, and
// that it is over only when it is.
func TestAcceptLogsMissingHandlesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		l := &failingListener{}
		a := acceptor{Listener: l, log: slog.New(slog.NewTextHandler(&log, nil))}
		defer a.release()
		accept := func(errors ...error) {
			for l.errors = errors; len(l.errors) > 0; {
				c, _, err := a.accept(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				c.Close()
			}
		}
		for _, step := range []struct {
			after      time.Duration
			errors     []error
			warn, info int    // lines so far
			says       string // the last one
		}{
			{0, slices.Repeat([]error{syscall.EMFILE, nil, nil}, 20), 1, 0, "failures=1"},
			{acceptQuiet - time.Second, []error{nil}, 1, 0, "failures=1"},
			{time.Second, []error{nil}, 1, 1, "failures=20"},
			{time.Second, []error{syscall.EMFILE, nil, nil}, 1, 1, "failures=20"},
			{acceptQuiet, []error{nil}, 1, 1, "failures=20"},
			{acceptWarning, []error{syscall.EMFILE, nil, nil}, 2, 1, "failures=2"},
			{acceptQuiet, []error{nil}, 2, 2, "failures=2"},
		} {
			time.Sleep(step.after)
			accept(step.errors...)
			warn, info := strings.Count(log.String(), "level=WARN"), strings.Count(log.String(), "level=INFO")
			if warn != step.warn || info != step.info || !strings.HasSuffix(log.String(), step.says+"\n") {
				t.Fatalf("%+v: %d and %d lines:\n%s", step, warn, info, &log)
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
