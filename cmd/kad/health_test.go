package main

import (
	"strings"
	"testing"
)

// kad health says what is true of a node on its own, of one with a peer, and of none.
func TestHealth(t *testing.T) {
	u := newUser(t)
	if out := u.kad("health", "--control", "none").exits(exitNotDone).stderr; !strings.Contains(out, "no node is running") {
		t.Errorf("without a node: %s", out)
	}
	first := u.node("--control", "a")
	if out := u.kad("health", "--control", "a").exits(exitDone).stdout; !strings.HasPrefix(out, "healthy: ") {
		t.Errorf("healthy: %s", out)
	}
	if out := u.kad("health", "--ready", "--control", "a").exits(exitDone).stdout; !strings.HasPrefix(out, "ready: alone") {
		t.Errorf("on its own: %s", out)
	}
	u.node("--control", "b", "--bootstrap", first.address())
	if out := u.kad("health", "--ready", "--control", "b").exits(exitDone).stdout; !strings.HasPrefix(out, "ready: a peer answered") {
		t.Errorf("joined: %s", out)
	}
}
