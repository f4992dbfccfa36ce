package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// dialControlSocket is a client of the control socket that need not keep to its protocol.
func dialControlSocket(t *testing.T, u *user, socket string) net.Conn {
	t.Helper()
	c, err := net.Dial("unix", filepath.Join(u.dir, socket))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

// failureOf is the failure that a client of the control socket reads.
func failureOf(t *testing.T, c net.Conn) *failure {
	t.Helper()
	line, err := io.ReadAll(c)
	if err != nil {
		t.Fatalf("reading the answer: %v", err)
	}
	var reply controlReply
	if err := json.Unmarshal(line, &reply); err != nil || reply.Failure == nil {
		t.Fatalf("answer %q: %v", line, err)
	}
	return reply.Failure
}

// A request that is too long is answered, and its sender is not reset while it writes.
func TestControlRequestTooLong(t *testing.T) {
	u := newUser(t)
	u.node("--control", "c")
	for _, size := range []int{maxControlLine, 4 << 20} {
		c := dialControlSocket(t, u, "c")
		line := append(bytes.Repeat([]byte("x"), size), '\n')
		if _, err := c.Write(line); err != nil {
			t.Fatalf("writing %d bytes: %v", len(line), err)
		}
		if f := failureOf(t, c); f.Code != exitBadInput || !strings.Contains(f.Message, "longer than 65536 bytes") {
			t.Errorf("%d bytes: %+v", len(line), f)
		}
	}
	c := dialControlSocket(t, u, "c")
	request := []byte(`{"command":"bogus"}`)
	if _, err := c.Write(append(bytes.Repeat([]byte(" "), maxControlLine-1-len(request)), append(request, '\n')...)); err != nil {
		t.Fatal(err)
	}
	if f := failureOf(t, c); !strings.Contains(f.Message, "bogus") {
		t.Errorf("of %d bytes: %+v", maxControlLine, f)
	}
}

// Clients of the control socket that send nothing keep nobody out, and the node can end.
func TestIdleControlClients(t *testing.T) {
	u := newUser(t)
	n := u.node("--control", "c")
	idle := make([]net.Conn, maxControlRequests+3)
	for i := range idle {
		idle[i] = dialControlSocket(t, u, "c")
	}
	for range 3 {
		u.kad("table", "--control", "c", "--timeout", "2s").exits(exitDone)
	}
	if f := failureOf(t, idle[0]); f.Code != exitNotDone || !strings.Contains(f.Message, "none came in time") {
		t.Errorf("the longest idle: %+v", f)
	}
	last := dialControlSocket(t, u, "c")
	if _, err := last.Write([]byte("{\"command\":\"bogus\"}\n")); err != nil {
		t.Fatal(err)
	}
	if f := failureOf(t, last); !strings.Contains(f.Message, "bogus") {
		t.Errorf("the last: %+v", f)
	}
	n.stop(syscall.SIGTERM)
}
