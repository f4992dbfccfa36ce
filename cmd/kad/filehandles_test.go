package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"kadmium/internal/cli"
)

// A node without a free file handle says so, and serves other callers of the control
// socket.
func TestControlSocketWithoutFileHandles(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("counts file handles in /proc/PID/fd: run it on Linux")
	}
	u := newUser(t)
	const limit = 30
	node := u.command(context.Background(), "node", "--listen", "127.0.0.1:0", "--control", "c")
	node.Path, node.Args = "/bin/sh", append([]string{"sh", "-c", fmt.Sprintf(`ulimit -n %d; exec "$0" "$@"`, limit)}, node.Args...)
	n := u.startNode(node)
	n.line()
	handles := func() int {
		open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", n.cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		return len(slices.DeleteFunc(open, func(e os.DirEntry) bool { // those inherited may be above the limit
			handle, _ := strconv.Atoi(e.Name())
			return handle >= limit
		}))
	}
	for callers := 0; handles() < limit; callers++ { // which send nothing
		if callers == 2*limit {
			t.Fatalf("%d callers, and the node has %d file handles", callers, handles())
		}
		before, until := handles(), time.Now().Add(100*time.Millisecond)
		c, err := net.Dial("unix", filepath.Join(u.dir, "c"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		// Another handle may have been closed meanwhile: do not wait for long.
		for handles() <= before && handles() < limit && time.Now().Before(until) {
			time.Sleep(time.Millisecond)
		}
	}
	for range 3 {
		u.kad("table", "--control", "c", "--timeout", "3s").exits(cli.ExitDone)
	}
	n.stop(syscall.SIGTERM)
	if log := n.stderr.String(); !strings.Contains(log, "control socket") || !strings.Contains(log, "too many open files") {
		t.Errorf("the node said nothing of it:\n%s", log)
	}
}
