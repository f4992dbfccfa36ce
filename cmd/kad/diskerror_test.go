package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"kadmium/internal/cli"
)

// injecting has system calls of a running node changed by strace, as its -e inject describes
// it, until stop is called, which returns what strace saw of them. Strace may begin a moment
// later.
func (n *runningNode) injecting(calls, inject string, more ...string) (stop func() string) {
	n.t.Helper()
	needStrace(n.t)
	var seen bytes.Buffer
	line := []string{"-f", "-p", fmt.Sprint(n.cmd.Process.Pid), "-e", "trace=" + calls, "-e", "inject=" + calls + ":" + inject}
	strace := exec.Command("strace", append(line, more...)...)
	strace.Stderr = &seen
	if err := strace.Start(); err != nil {
		n.t.Fatal(err)
	}
	stop = sync.OnceValue(func() string {
		_ = strace.Process.Signal(syscall.SIGTERM) // it detaches, and the node goes on
		_ = strace.Wait()
		return seen.String()
	})
	n.t.Cleanup(func() { stop() })
	return stop
}

// refused puts until one is refused, for its journal and this cause.
func (u *user) refused(cause string) {
	u.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		if r := u.kad("put", "/v/y", "not kept", "--control", "sock"); r.code != cli.ExitDone {
			r.exits(cli.ExitNotDone).says("the journal", "kadmium.db", cause, "next: ")
			return
		}
		if time.Now().After(end) {
			u.t.Fatal("every put succeeds although nothing can be written")
		}
	}
}

// read checks a value that a node must have.
func (u *user) read(key, want string) {
	u.t.Helper()
	if out := u.kad("get", key, "--control", "sock").exits(cli.ExitDone).stdout; out != want {
		u.t.Errorf("%s holds %q, want %q", key, out, want)
	}
}

// While its disk refuses to write or to sync, a node serves reads, and a put says which file
// it is and why. Once the disk is well it writes by itself, and nothing is lost.
func TestDiskErrors(t *testing.T) {
	for name, calls := range map[string]string{"write": "pwrite64,write,ftruncate", "sync": "fdatasync,fsync"} {
		t.Run(name, func(t *testing.T) {
			u := newUser(t)
			n := u.node("--data", "data", "--control", "sock")
			u.kad("put", "/v/x", "kept", "--control", "sock").exits(cli.ExitDone)
			file, err := filepath.EvalSymlinks(filepath.Join(u.dir, "data", "kadmium.db"))
			if err != nil {
				t.Fatal(err)
			}
			stop := n.injecting(calls, "error=EIO", "-P", file)
			u.refused("input/output error")
			u.kad("provide", "/v/y", "--control", "sock").exits(cli.ExitNotDone).says("kadmium.db", "input/output error")
			u.read("/v/x", "kept")
			stop()
			for end := time.Now().Add(patience); u.kad("put", "/v/z", "kept too", "--control", "sock").code != cli.ExitDone; time.Sleep(100 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("no put succeeds although the disk is well")
				}
			}
			n.kill()
			if log := n.stderr.String(); strings.Count(log, "journal is written again") != 1 || strings.Count(log, "ERROR") != 1 {
				t.Errorf("the log does not have the fault and its end once each: %s", log)
			}
			u.node("--data", "data", "--control", "sock")
			u.read("/v/x", "kept")
			u.read("/v/z", "kept too")
		})
	}
}

// A file system that met an error and has become read-only, as ext4 does, is a disk that
// cannot be written.
func TestDiskBecomesReadOnly(t *testing.T) {
	u := newUser(t)
	data, image := filepath.Join(u.dir, "data"), filepath.Join(u.dir, "image")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(image, make([]byte, 8<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", image).CombinedOutput(); err != nil {
		t.Skipf("no ext4 (%v: %s): apt-get install e2fsprogs", err, out)
	}
	script := `mount -o loop "$1" "$2" && shift 2 && exec "$@"`
	via := []string{"unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", image, data}
	if out, err := exec.Command(via[0], append(via[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("no disk of its own (%v: %s): run this test as root on Linux, with unshare(1) of util-linux and a loop device", err, out)
	}
	u.via = via
	n := u.node("--data", data, "--control", "sock")
	u.via = nil
	u.kad("put", "/v/x", "kept", "--control", "sock").exits(cli.ExitDone)
	abort := exec.Command("nsenter", "--mount", "--target", fmt.Sprint(n.cmd.Process.Pid), "mount", "-o", "remount,abort", data)
	if out, err := abort.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	u.refused("read-only file system")
	u.read("/v/x", "kept")
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	n.endsWith(cli.ExitNotDone, "read-only file system") // it could not write all that it wanted to
}
