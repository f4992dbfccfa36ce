package transport

import (
	"errors"
	"fmt"
	"net"
	"time"
)

// When reads of a socket fail (design R1.21).
const (
	readRepeats  = 8                // reads that may fail in a row without a pause: ICMP errors of peers, on some systems
	minReadPause = time.Millisecond // the first pause; each is twice the one before
	maxReadPause = time.Second      // the longest pause; the socket is then bound anew after each
	readPatience = time.Minute      // after so long the socket has failed for good
	readWarning  = time.Minute      // between two log lines which say that it fails
)

// readFailures are the reads of one socket that failed in a row. Its read loop owns it.
type readFailures struct {
	count int
	since time.Time // the first
	last  time.Time // when the latest was dealt with
	pause time.Duration

	warned time.Time // when the log last had that the socket cannot be read
	unread int       // failures since, until a datagram is read; 0: the log has no such failure open
}

// readSucceeded notes that a datagram was read, and logs the end of what the log has.
func (t *Transport) readSucceeded(s *socket, f *readFailures) {
	f.count = 0
	if f.unread > 0 {
		t.log.Info("the socket is read again", "at", s.at, "failures", f.unread)
		f.unread = 0
	}
}

// A readFailure is the last read of a socket that failed, after several others.
type readFailure struct {
	at  time.Time
	err error
}

// ReadFailure is why a socket cannot be read at present, nil if all can.
func (t *Transport) ReadFailure() error {
	now := t.now()
	for _, s := range t.sockets {
		if f := s.failure.Load(); f != nil && now.Sub(f.at) <= 2*maxReadPause { // a read that waits has not failed
			return fmt.Errorf("the socket at %v cannot be read: %w", s.at, f.err)
		}
	}
	return nil
}

// readFailed deals with a read that failed. It waits, binds the socket anew if that has not
// helped, and reports false if the read loop must end: the transport is closed, or the
// socket has failed for good.
func (t *Transport) readFailed(s *socket, f *readFailures, err error) bool {
	now := t.now()
	if f.count == 0 || now.Sub(f.last) > maxReadPause { // a read that waits has not failed
		f.count, f.since, f.pause = 0, now, minReadPause
	}
	f.count++
	f.last = now
	if t.ending.Load() {
		return false
	}
	if f.count < readRepeats {
		return true
	}
	s.failure.Store(&readFailure{now, err})
	switch {
	case f.unread > 0:
		f.unread++
	case now.Sub(f.warned) >= readWarning:
		f.warned, f.unread = now, f.count
		t.log.Warn("the socket cannot be read; trying again", "at", s.at, "err", err)
	}
	if now.Sub(f.since) >= readPatience {
		t.log.Error("socket given up", "at", s.at, "err", err)
		if t.failed != nil {
			t.failed(fmt.Errorf("%w: %v: %w", ErrSocket, s.at, err))
		}
		return false
	}
	if !Pause(t.after, f.pause, t.end) {
		return false
	}
	if f.pause = min(2*f.pause, maxReadPause); f.pause == maxReadPause && t.bind != nil {
		if err := t.bindAnew(s); err != nil {
			t.log.Debug("socket not bound anew", "at", s.at, "err", err)
		}
	}
	f.last = t.now()
	return true
}

// bindAnew puts a new Conn in the place of one that cannot be read.
func (t *Transport) bindAnew(s *socket) error {
	s.bound.Load().conn.Close() // its address must be free
	conn, err := t.bind(s.at)
	if err != nil {
		return err
	}
	fresh, err := newSocket(conn)
	if err != nil {
		conn.Close()
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		conn.Close()
		return ErrClosed
	}
	s.bound.Store(fresh.bound.Load())
	t.log.Debug("socket bound anew", "at", s.at)
	return nil
}

// Pause waits by an injected timer, and reports false if end was closed meanwhile.
func Pause(after func(time.Duration, func()) (stop func() bool), wait time.Duration, end <-chan struct{}) bool {
	over := make(chan struct{})
	stop := after(wait, func() { close(over) })
	defer stop()
	select {
	case <-over:
		return true
	case <-end:
		return false
	}
}

// closeSocket closes the Conn of a socket; one that could not be bound anew is closed
// already.
func closeSocket(s *socket) error {
	if err := s.bound.Load().conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("closing socket %v: %w", s.at, err)
	}
	return nil
}
