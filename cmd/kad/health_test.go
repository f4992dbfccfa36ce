package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"kadmium"
	"kadmium/api"
	"kadmium/internal/cli"
)

// kad health says what is true of a node on its own, of one with a peer, and of none.
func TestHealth(t *testing.T) {
	u := newUser(t)
	if out := u.kad("health", "--control", "none").exits(cli.ExitNotDone).stderr; !strings.Contains(out, "no node is running") {
		t.Errorf("without a node: %s", out)
	}
	first := u.node("--control", "a")
	if out := u.kad("health", "--control", "a").exits(cli.ExitDone).stdout; !strings.HasPrefix(out, "healthy: ") {
		t.Errorf("healthy: %s", out)
	}
	u.kad("health", "--live", "--ready", "--control", "a").exits(cli.ExitBadInput).says("choose one")
	if out := u.kad("health", "--ready", "--control", "a").exits(cli.ExitDone).stdout; !strings.HasPrefix(out, "ready: alone") {
		t.Errorf("on its own: %s", out)
	}
	u.node("--control", "b", "--bootstrap", first.address())
	if out := u.kad("health", "--ready", "--control", "b").exits(cli.ExitDone).stdout; !strings.HasPrefix(out, "ready: a peer answered") {
		t.Errorf("joined: %s", out)
	}
}

// A node whose disk is full serves what it holds (design R6.23): what starts nodes again, as
// Kubernetes's liveness probe, the health check of the image and the watchdog of systemd do,
// is told that it lives.
func TestFullDiskIsNoDeath(t *testing.T) {
	u := newUser(t)
	path, next := supervise(t, u.dir)
	u.env = append(u.env, "NOTIFY_SOCKET="+path, "WATCHDOG_USEC=20000")
	u.via = []string{"sh", "-c", `ulimit -f 400; exec "$0" "$@"`}
	n := u.node("--data", "data", "--http", "0")
	c, err := api.DialUnix(t.Context(), filepath.Join(u.dir, "data", "control.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := 0; ; i++ {
		if i == 2000 {
			t.Fatal("the journal goes on growing")
		}
		if _, err := c.Put(t.Context(), fmt.Sprint("/v/", i), bytes.Repeat([]byte("x"), 900), api.Put{}, api.Call{}); errors.Is(err, kadmium.ErrJournal) {
			break
		}
	}
	u.kad("health", "--data", "data").exits(cli.ExitNotDone).says("journal")
	u.kad("get", "/v/0", "--data", "data").exits(cli.ExitDone)
	for path, want := range map[string]int{"/healthz": http.StatusServiceUnavailable, "/livez": http.StatusOK} {
		r, err := http.Get(strings.TrimSuffix(n.ready.HTTP, "/") + path)
		if err != nil {
			t.Fatal(err)
		}
		if r.Body.Close(); r.StatusCode != want {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
	if out := u.kad("health", "--live", "--data", "data").exits(cli.ExitDone).stdout; !strings.HasPrefix(out, "live: ") {
		t.Errorf("it lives: %s", out)
	}
	for range 40 { // more than wait in the socket
		next()
	}
}
