package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"kadmium/internal/cli"
)

// A key file that others can read, and a data directory that they can write to, are worth a
// warning, beside what was asked for.
func TestWarnIfOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	key := filepath.Join(data, "key.pem")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	warn := warnOn(&b)
	warn.dataOpen(data)
	warn.dataOpen(filepath.Join(dir, "missing"))
	warn.keyOpen(filepath.Join(dir, "missing"))
	warn.keyOpen(dir)
	for _, mode := range []os.FileMode{0o755, 0o777 | os.ModeSticky} { // as systemd makes it, as /tmp is
		if err := os.Chmod(data, mode); err != nil {
			t.Fatal(err)
		}
		warn.dataOpen(data)
	}
	if b.Len() != 0 {
		t.Errorf("warned of what is private: %s", &b)
	}
	for path, mode := range map[string]os.FileMode{key: 0o604, data: 0o772} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	warn.dataOpen(data)
	warned := b.String()
	if warn.dataOpen(key); b.String() != warned {
		t.Errorf("a file in place of a data directory was warned of:\n%s", &b)
	}
	for _, want := range []string{"key file is open to other users: " + key, "chmod 600 " + key, "data directory: " + data, "chmod go-w " + data} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("warnings lack %q:\n%s", want, &b)
		}
	}
}

// The commands that read a key warn on stderr and go on.
func TestKeyShowWarns(t *testing.T) {
	u := newUser(t)
	u.kad("key", "new", "node.pem").exits(cli.ExitDone)
	if r := u.kad("key", "show", "node.pem").exits(cli.ExitDone); r.stderr != "" {
		t.Errorf("stderr %q", r.stderr)
	}
	if err := os.Chmod(filepath.Join(u.dir, "node.pem"), 0o644); err != nil {
		t.Fatal(err)
	}
	one[keyResult](u.kad("key", "show", "node.pem", "--json").exits(cli.ExitDone).says("warning: ", "node.pem"))
}

// Of a file that is no key nobody is told to change the mode: kad key show /etc/passwd
// said chmod 600 /etc/passwd.
func TestNoWarningOfOtherFiles(t *testing.T) {
	u := newUser(t)
	for _, args := range [][]string{
		{"key", "show", "/etc/passwd"},
		{"node", "--listen", "127.0.0.1:0", "--key", "/etc/passwd"},
		{"node", "--listen", "127.0.0.1:0", "--data", "/etc/passwd"},
		{"get", "/v/x", "--bootstrap", "127.0.0.1:1", "--key", "/etc/passwd"},
	} {
		if r := u.kad(args...); r.code == cli.ExitDone || strings.Contains(r.stderr, "chmod") {
			t.Errorf("%s: exit code %d, %s", r.line, r.code, r.stderr)
		}
	}
}

// A data directory that others can list, as systemd makes it, is no warning at each start.
func TestDataDirectoryOfSystemd(t *testing.T) {
	u := newUser(t)
	data := filepath.Join(u.dir, "data")
	if err := os.Mkdir(data, 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		n := u.node("--data", "data")
		n.stop(syscall.SIGTERM)
		if strings.Contains(n.stderr.String(), "WARN") {
			t.Errorf("stderr: %s", n.stderr)
		}
	}
	entries, err := os.ReadDir(data)
	if err != nil || len(entries) < 2 {
		t.Fatalf("%v, %v", entries, err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v, %v", e.Name(), info.Mode(), err)
		}
	}
}

// A node goes on when its terminal goes, and when a log rotation tells it to begin anew.
func TestHangUp(t *testing.T) {
	u := newUser(t)
	n := u.node("--data", "data")
	for range 3 {
		if err := n.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	u.kad("put", "/v/x", "y", "--data", "data").exits(cli.ExitDone)
	n.stop(syscall.SIGTERM)
}
