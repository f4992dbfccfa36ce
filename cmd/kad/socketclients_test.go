package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kadmium/api"
	"kadmium/internal/cli"
)

// maxConnections are the clients of a control socket that are served at once.
const maxConnections = 64

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

// answerOf is the response that a client of the control socket reads, and its problem.
func answerOf(t *testing.T, c net.Conn) (*http.Response, *api.Problem) {
	t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("reading the answer: %v", err)
	}
	defer response.Body.Close()
	var p api.Problem
	if err := json.NewDecoder(response.Body).Decode(&p); err != nil {
		t.Fatalf("answer %s: %v", response.Status, err)
	}
	return response, &p
}

// A request that is too long is answered, and its sender is not reset while it writes.
func TestRequestTooLong(t *testing.T) {
	u := newUser(t)
	u.node("--control", "c")
	for _, size := range []int{64<<10 + 1, 4 << 20} {
		c := dialControlSocket(t, u, "c")
		fmt.Fprintf(c, "PUT /v1/values/%%2Fv%%2Fx HTTP/1.1\r\nHost: kad\r\nContent-Length: %d\r\n\r\n", size)
		if _, err := c.Write(bytes.Repeat([]byte("x"), size)); err != nil {
			t.Fatalf("writing %d bytes: %v", size, err)
		}
		if response, p := answerOf(t, c); response.StatusCode != http.StatusRequestEntityTooLarge || p.Exit != cli.ExitBadInput || !strings.Contains(p.Detail, "more than 65536 bytes") {
			t.Errorf("%d bytes: %+v", size, p)
		}
	}
	c := dialControlSocket(t, u, "c")
	fmt.Fprintf(c, "GET /v1/stats HTTP/1.1\r\nHost: kad\r\nX: %s\r\n\r\n", strings.Repeat("x", 32<<10))
	if response, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of 32 KiB: %v, %v", response, err)
	}
}

// Clients of the control socket that send nothing, or half a header, keep nobody out, and
// the node can end.
func TestIdleClients(t *testing.T) {
	u := newUser(t)
	n := u.node("--control", "c")
	idle := make([]net.Conn, maxConnections+3)
	for i := range idle {
		idle[i] = dialControlSocket(t, u, "c")
		if i%2 == 1 {
			fmt.Fprint(idle[i], "GET /v1/stats HTTP/1.1\r\nHost")
		}
	}
	for range 3 {
		u.kad("table", "--control", "c", "--timeout", "2s").exits(cli.ExitDone)
	}
	if response, p := answerOf(t, idle[0]); response.StatusCode != http.StatusRequestTimeout || p.Exit != cli.ExitNotDone || !strings.Contains(p.Detail, "no request came in time") {
		t.Errorf("the longest idle: %+v", p)
	}
	last := dialControlSocket(t, u, "c")
	fmt.Fprint(last, "GET /v1/bogus HTTP/1.1\r\nHost: kad\r\n\r\n")
	if response, p := answerOf(t, last); response.StatusCode != http.StatusNotFound || !strings.Contains(p.Detail, "bogus") {
		t.Errorf("the last: %+v", p)
	}
	n.stop(syscall.SIGTERM)
}
