package main

import (
	"context"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"
)

// A supervisor is the one that started the process and asked to be told how it is, as
// systemd does (sd_notify(3)); nil: there is none.
type supervisor struct {
	conn  net.Conn
	every time.Duration // between two words that the node lives; 0: it wants none
}

// newSupervisor is the supervisor that the environment names.
func newSupervisor(getenv func(string) string, log *slog.Logger) *supervisor {
	path := getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	conn, err := net.Dial("unixgram", path)
	if err != nil {
		log.Warn("the supervisor is not told that the node is ready", "err", err)
		return nil
	}
	s := &supervisor{conn: conn}
	micros, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64)
	of := getenv("WATCHDOG_PID")
	if err == nil && micros > 0 && (of == "" || of == strconv.Itoa(os.Getpid())) {
		s.every = time.Duration(micros) * time.Microsecond / 2
	}
	return s
}

// tellTime is how long a supervisor that reads nothing holds the node up.
const tellTime = 500 * time.Millisecond

// tell sends one state. One that is lost is the supervisor's to miss.
func (s *supervisor) tell(state string) {
	if s != nil {
		_ = s.conn.SetWriteDeadline(time.Now().Add(tellTime))
		_, _ = s.conn.Write([]byte(state))
	}
}

// ready tells that the node is ready, and from then on, until the context ends, that it
// lives while that is so.
func (s *supervisor) ready(ctx context.Context, lives func() bool) {
	s.tell("READY=1")
	if s == nil || s.every <= 0 {
		return
	}
	go func() {
		t := time.NewTicker(s.every)
		defer t.Stop()
		for {
			if lives() {
				s.tell("WATCHDOG=1")
			}
			select {
			case <-t.C:
			case <-ctx.Done():
				return
			}
		}
	}()
}

// stopping tells that the node ends.
func (s *supervisor) stopping() { s.tell("STOPPING=1") }
