package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kadmium/internal/cli"
)

// A node whose journal is unlinked acknowledges no put into nothing: the put fails, and the
// node ends with 1.
func TestJournalUnlinked(t *testing.T) {
	u := newUser(t)
	n := u.node("--data", "data")
	u.kad("put", "/v/x", "kept", "--data", "data").exits(cli.ExitDone)
	file := filepath.Join(u.dir, "data", "kadmium.db")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	u.kad("put", "/v/y", "lost", "--data", "data").exits(cli.ExitNotDone).says("kadmium.db", "it is gone", "next: ")
	n.endsWith(cli.ExitNotDone, "kadmium.db")
}

// endsWith waits until the node has ended by itself, with the exit code and the text on
// stderr.
func (n *runningNode) endsWith(code int, text string) {
	n.t.Helper()
	select {
	case <-n.ended:
	case <-time.After(patience):
		n.t.Fatal("the node does not end")
	}
	var exit *exec.ExitError
	if !errors.As(n.err, &exit) || exit.ExitCode() != code || !strings.Contains(n.stderr.String(), text) {
		n.t.Errorf("the node ended with %v, want exit code %d; stderr: %s", n.err, code, n.stderr)
	}
}

// While its disk is full a node serves reads, and a put says which file cannot be written,
// also where this node is the only holder. With room again it writes by itself.
func TestFullDisk(t *testing.T) {
	u := newUser(t)
	data := filepath.Join(u.dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	script := `mount -t tmpfs -o size=2m,mode=0700 none "$1" && shift && exec "$@"`
	via := []string{"unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", data}
	if out, err := exec.Command(via[0], append(via[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("no disk of its own (%v: %s): run this test as root on Linux, with unshare(1) of util-linux", err, out)
	}
	u.via = via
	n := u.node("--data", data, "--control", "sock")
	u.via = nil
	u.kad("put", "/v/x", "kept", "--control", "sock").exits(cli.ExitDone)
	filler := fmt.Sprintf("/proc/%d/root%s/filler", n.cmd.Process.Pid, data)
	_ = os.WriteFile(filler, make([]byte, 2<<20), 0o600)
	last := 0
	for ; u.kad("put", fmt.Sprintf("/v/%d", last), strings.Repeat("v", 900), "--control", "sock").code == cli.ExitDone; last++ {
	}
	u.kad("put", "/v/y", "not kept", "--control", "sock").exits(cli.ExitNotDone).says("the journal", "kadmium.db", "no space left", "next: make room")
	u.kad("provide", "/v/y", "--control", "sock").exits(cli.ExitNotDone).says("kadmium.db", "no space left")
	u.kad("health", "--control", "sock").exits(cli.ExitNotDone).says("the node is not healthy: ")
	u.kad("health", "--ready", "--control", "sock").exits(cli.ExitNotDone).says("the node is not healthy: ")
	if out := u.kad("get", "/v/x", "--control", "sock").exits(cli.ExitDone).stdout; out != "kept" {
		t.Errorf("a read while the disk is full: %q", out)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience); u.kad("put", "/v/y", "kept again", "--control", "sock").code != cli.ExitDone; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no put succeeds although there is room")
		}
	}
	n.stop(syscall.SIGTERM)
	if log := n.stderr.String(); !strings.Contains(log, "journal is written again") {
		t.Errorf("the log does not say that the disk is written again: %s", log)
	}
}
