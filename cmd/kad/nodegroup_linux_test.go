package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A thousand nodes have room in 250 MB once all have joined, and end in time.
func TestThousandNodes(t *testing.T) {
	if !*slow {
		t.Skip("it takes minutes: -slow")
	}
	u := newUser(t)
	n := u.plainNode("--count", "1000", "--json")
	select {
	case line := <-n.lines:
		n.ready = decodeLine[readyLine](t, line)
	case <-time.After(12 * time.Minute):
		t.Fatal("the nodes have not joined")
	}
	if n.ready.Nodes != 1000 {
		t.Errorf("ready: %+v", n.ready)
	}
	if got := n.memory(); got > 250_000 {
		t.Errorf("%d kB of memory, want up to 250,000", got)
	} else {
		t.Logf("%d kB of memory", got)
	}
	n.stop(syscall.SIGTERM)
}

// memory is the resident memory of the process, in kB.
func (n *runningNode) memory() (kB int) {
	n.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.cmd.Process.Pid))
	if err != nil {
		n.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	if _, err := fmt.Sscanf(rest, "%d", &kB); err != nil {
		n.t.Fatal(err)
	}
	return kB
}
