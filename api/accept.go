package api

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"syscall"
	"time"
)

// The first and the longest pause after the system could not accept a client.
const (
	minAcceptPause = 10 * time.Millisecond
	maxAcceptPause = time.Second
)

// When the log has that clients cannot be accepted.
const (
	acceptWarning = time.Minute      // between two lines that say so
	acceptQuiet   = 10 * time.Second // without a failure, before a line says that it is over
)

// An acceptor accepts the clients of a socket, also while the process has no
// file handle left: one is kept in reserve, for one client after another (design R8.19).
// Its methods are not safe for concurrent use.
type acceptor struct {
	net.Listener
	log      *slog.Logger
	name     string   // of the listener, in the log
	reserve  *os.File // nil: a client has the handle, or there was none to keep
	failures int      // since a client was last accepted with a handle in reserve

	last   time.Time // when it failed
	warned time.Time // when the log last said so
	open   bool      // the log has not said yet that it is over
	untold int       // failures since it did
}

// accept waits for a client, through errors of the system. scarce says that the
// client's handle may be the one in reserve. Errors: net.ErrClosed, and that of the
// context.
func (a *acceptor) accept(ctx context.Context) (c net.Conn, scarce bool, err error) {
	pause := minAcceptPause
	for {
		a.keep()
		c, err = a.Listener.Accept()
		if noHandleLeft(err) && a.reserve != nil {
			a.failed(err)
			a.release()
			c, err = a.Listener.Accept()
		}
		switch {
		case err == nil:
			return c, a.accepted(), nil
		case errors.Is(err, net.ErrClosed):
			return nil, false, err
		}
		a.failed(err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
		pause = min(2*pause, maxAcceptPause)
	}
}

func noHandleLeft(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// failed notes an error of the system. The first is logged, and further ones once the log
// has said that it is over.
func (a *acceptor) failed(err error) {
	a.failures++
	a.untold++
	a.last = time.Now()
	if !a.open && a.last.Sub(a.warned) >= acceptWarning {
		a.open, a.warned = true, a.last
		a.log.Warn(a.name+": cannot accept a client; trying again", "err", err, "failures", a.untold)
	}
}

// accepted notes that a client was accepted, and reports whether errors came before it. They
// are over once a handle is in reserve again and none came for a while.
func (a *acceptor) accepted() (scarce bool) {
	scarce = a.failures > 0
	if a.keep(); a.reserve == nil {
		return scarce
	}
	a.failures = 0
	if a.open && time.Since(a.last) >= acceptQuiet {
		a.log.Info(a.name+": clients are accepted again", "failures", a.untold)
		a.open, a.untold = false, 0
	}
	return scarce
}

// keep takes a handle in reserve if there is one.
func (a *acceptor) keep() {
	if a.reserve == nil {
		a.reserve, _ = os.Open(os.DevNull)
	}
}

// release frees the handle in reserve.
func (a *acceptor) release() {
	if a.reserve != nil {
		a.reserve.Close()
		a.reserve = nil
	}
}
