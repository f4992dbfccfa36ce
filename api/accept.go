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

// An acceptor accepts the clients of a socket, also while the process has no
// file handle left: one is kept in reserve, for one client after another (design R8.19).
// Its methods are not safe for concurrent use.
type acceptor struct {
	net.Listener
	log      *slog.Logger
	reserve  *os.File // nil: a client has the handle, or there was none to keep
	failures int      // since a client was last accepted
}

// accept waits for a client, through errors of the system. scarce says that the
// client's handle may be the one in reserve. Errors: net.ErrClosed, and that of the
// context.
func (a *acceptor) accept(ctx context.Context) (c net.Conn, scarce bool, err error) {
	pause := minAcceptPause
	for {
		if a.reserve == nil {
			a.reserve, _ = os.Open(os.DevNull)
		}
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

// failed notes an error of the system. Only the first in a row is logged.
func (a *acceptor) failed(err error) {
	if a.failures == 0 {
		a.log.Warn("control socket: cannot accept a client; trying again", "err", err)
	}
	a.failures++
}

// accepted notes that a client was accepted, and reports whether errors came before it.
func (a *acceptor) accepted() (scarce bool) {
	if a.failures == 0 {
		return false
	}
	if a.reserve != nil {
		a.log.Info("control socket: clients are accepted again", "failures", a.failures)
		a.failures = 0
	}
	return true
}

// release frees the handle in reserve.
func (a *acceptor) release() {
	if a.reserve != nil {
		a.reserve.Close()
		a.reserve = nil
	}
}
