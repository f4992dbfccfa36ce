package check

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience bounds everything that a test waits for.
const patience = 30 * time.Second

// nobody is the user of the image.
const nobody = 65532

// static builds the program as the image and the releases have it.
func static(t *testing.T, to string) {
	t.Helper()
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", to, "./cmd/kad")
	build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// In a root that has nothing but the program and its directory a node runs, without rights.
func TestEmptyRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("chroot needs root: sudo go test -run TestEmptyRoot .")
	}
	jail := t.TempDir()
	static(t, filepath.Join(jail, "kad"))
	if err := os.Mkdir(filepath.Join(jail, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(filepath.Join(jail, "data"), nobody, nobody); err != nil {
		t.Fatal(err)
	}
	command := func(args ...string) *exec.Cmd {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		t.Cleanup(cancel)
		cmd := exec.CommandContext(ctx, "/kad", args...)
		cmd.Path, cmd.Err, cmd.Dir, cmd.Env = "/kad", nil, "/", []string{"KAD_DATA=/data"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: jail, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		return cmd
	}
	node := command("node", "--listen", "127.0.0.1:0")
	var log strings.Builder
	node.Stderr = &log
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.HasPrefix(line, "ready ") {
		t.Fatalf("%q, %v; %s", line, err, &log)
	}
	for _, args := range [][]string{{"health"}, {"health", "--ready"}, {"put", "/v/hello", "world"}, {"get", "/v/hello"}} {
		if out, err := command(args...).CombinedOutput(); err != nil {
			t.Errorf("kad %q: %v: %s", args, err, out)
		}
	}
	begun := time.Now()
	if err := node.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := node.Wait(); err != nil || time.Since(begun) > 5*time.Second {
		t.Errorf("it ended after %s with %v; %s", time.Since(begun), err, &log)
	}
	if out, err := command("health").CombinedOutput(); err == nil {
		t.Errorf("a node that has ended is healthy: %s", out)
	}
}

// systemd takes the unit as it stands, and finds little that the node could still do.
func TestUnit(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not there: apt-get install systemd")
	}
	text, err := os.ReadFile("../kad.service")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program, unit := filepath.Join(dir, "kad"), filepath.Join(dir, "kad.service")
	static(t, program)
	installed := strings.Replace(string(text), "/usr/local/bin/kad", program, 1)
	if err := os.WriteFile(unit, []byte(installed), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"verify", "--man=no", unit}, {"security", "--offline=true", "--threshold=20", unit}} {
		out, err := exec.CommandContext(t.Context(), "systemd-analyze", args...).CombinedOutput()
		if err != nil || args[0] == "verify" && len(out) > 0 {
			t.Errorf("systemd-analyze %q: %v: %s", args, err, out)
		}
	}
}
