package main

import (
	"fmt"
	"math/bits"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"kadmium/internal/cli"
)

// sinceBoot is how long the machine runs, time asleep included.
func sinceBoot(t *testing.T) time.Duration {
	t.Helper()
	b, err := os.ReadFile("/proc/uptime")
	if err != nil {
		t.Skipf("time asleep can be faked on Linux only: %v", err)
	}
	var seconds float64
	if _, err := fmt.Sscan(string(b), &seconds); err != nil {
		t.Fatal(err)
	}
	return time.Duration(seconds * float64(time.Second))
}

// asleep has a running node read a CLOCK_BOOTTIME by which the machine has slept, until what
// it waits for has happened. Each thread's first clock_gettime is of that clock, the next of
// CLOCK_MONOTONIC; Go's own reads are no system calls.
func (n *runningNode) asleep(slept time.Duration, happened func() bool) {
	n.t.Helper()
	seconds := uint64((sinceBoot(n.t) + slept).Seconds())
	stop := n.injecting("clock_gettime", fmt.Sprintf("poke_exit=@arg2=%016x:when=1+2", bits.ReverseBytes64(seconds)))
	for end := time.Now().Add(patience); !happened(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			n.t.Fatalf("the node does not notice that the machine slept; stderr: %s", n.stderr)
		}
	}
	if seen, told := stop(), fmt.Sprintf("CLOCK_BOOTTIME, {tv_sec=%d,", seconds); !strings.Contains(seen, told) {
		n.t.Errorf("it went by another clock: strace saw no %q:\n%s", told, seen)
	}
}

// expired reports whether a node has no value of a key any more.
func (u *user) expired(key string) bool {
	u.t.Helper()
	r := u.kad("get", key, "--control", "sock")
	if r.code != cli.ExitDone {
		r.exits(cli.ExitNotDone).says(key) // the node is alone, and says that instead of "not found"
	}
	return r.code != cli.ExitDone
}

// The machine sleeps 26 h under a running node: what had 2 h to live is no longer served.
func TestSleepUnderARunningNode(t *testing.T) {
	u := newUser(t)
	n := u.node("--data", "data", "--control", "sock")
	u.kad("put", "/v/short", "s", "--ttl", "2h", "--control", "sock").exits(cli.ExitDone)
	u.kad("put", "/v/long", "l", "--ttl", "48h", "--control", "sock").exits(cli.ExitDone)
	n.asleep(26*time.Hour, func() bool { return u.expired("/v/short") })
	u.read("/v/long", "l")
	n.kill()
	if log := n.stderr.String(); !strings.Contains(log, "the node was stopped") {
		t.Errorf("the log does not say so: %s", log)
	}
}

// The same between two runs of the node, the second one where the machine, which was not
// started anew, runs 26 h longer by CLOCK_BOOTTIME alone.
func TestSleepBetweenTwoRuns(t *testing.T) {
	u := newUser(t)
	later := []string{"unshare", "--time", "--boottime", fmt.Sprint(int((26 * time.Hour).Seconds()))}
	if out, err := exec.Command(later[0], append(later[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("no time namespace (%v: %s): run this test as root on Linux, with unshare(1) of util-linux", err, out)
	}
	n := u.node("--data", "data", "--control", "sock")
	u.kad("put", "/v/short", "s", "--ttl", "2h", "--control", "sock").exits(cli.ExitDone)
	u.kad("put", "/v/long", "l", "--ttl", "48h", "--control", "sock").exits(cli.ExitDone)
	n.kill()
	n = u.node("--data", "data", "--control", "sock")
	u.read("/v/short", "s")
	n.kill()
	u.via = later
	n = u.node("--data", "data", "--control", "sock")
	u.via = nil
	if !u.expired("/v/short") {
		t.Error("what had 2 h to live is served 26 h later")
	}
	u.read("/v/long", "l")
	n.kill()
}
