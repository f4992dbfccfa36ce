//go:build unix

package api

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// socketDir is a directory whose path leaves room for a socket's name.
func socketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "kad")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// The socket of a killed node is replaced; that of a running node, and a file of another
// kind, stay.
func TestSocketThatIsThereAlready(t *testing.T) {
	t.Parallel()
	path := filepath.Join(socketDir(t), "s")
	first, err := ListenUnix(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("%v, %v: want a socket of mode 0600", info, err)
	}
	if _, err := ListenUnix(path); err == nil || !strings.Contains(err.Error(), "another node is listening") {
		t.Errorf("beside a running node: %v", err)
	}
	first.l.Close() // as after kill -9
	if _, err := DialUnix(t.Context(), path); err == nil || !strings.Contains(err.Error(), "no node is running") {
		t.Errorf("dialing what a killed node left: %v", err)
	}
	second, err := ListenUnix(path)
	if err != nil {
		t.Fatalf("after a killed node: %v", err)
	}
	if c, err := DialUnix(t.Context(), filepath.Join(filepath.Dir(path), "none"), path); err != nil {
		t.Errorf("the second of two paths: %v", err)
	} else {
		c.Close()
	}
	second.Close()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ListenUnix(path); err == nil || !strings.Contains(err.Error(), "another kind") {
		t.Errorf("in the place of a file: %v", err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "text" {
		t.Errorf("the file: %q, %v", b, err)
	}
	if _, err := DialUnix(t.Context(), path); err == nil || !strings.Contains(err.Error(), "no node is running") {
		t.Errorf("dialing a file: %v", err)
	}
	if _, err := DialUnix(t.Context(), strings.Repeat("s", maxSocketPath+1)); err == nil || ProblemOf(err).Exit != exitBadInput || !strings.Contains(err.Error(), "too long") {
		t.Errorf("a path that is too long: %v", err)
	}
}

// A socket whose file is removed is made anew, with the mode that it had, and the clients that
// it has stay. A file of others in its place is left to them, also at the end.
func TestSocketWhoseFileIsRemoved(t *testing.T) {
	t.Parallel()
	path := filepath.Join(socketDir(t), "s")
	s := serve(t)
	l, err := ListenUnix(path)
	if err != nil {
		t.Fatal(err)
	}
	stop := s.server.ServeUnix(l)
	var lines bytes.Buffer
	log := slog.New(slog.NewTextHandler(&lines, nil))
	before, err := DialUnix(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	works := func(c *Client) {
		t.Helper()
		if _, err := c.Table(t.Context(), Call{}); err != nil {
			t.Error(err)
		}
	}
	works(before)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	l.look(log)
	if info, err := os.Lstat(path); err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("%v, %v: want a socket of mode 0600", info, err)
	}
	after, err := DialUnix(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer after.Close()
	works(after)
	works(before)
	if !strings.Contains(lines.String(), "made anew") {
		t.Errorf("the log has %q", &lines)
	}
	lines.Reset()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	other, err := ListenUnix(path)
	if err != nil {
		t.Fatal(err)
	}
	l.look(log)
	l.look(log)
	if strings.Count(lines.String(), "another file is in its place") != 1 {
		t.Errorf("the log has %q", &lines)
	}
	stop()
	if other.ours() != nil {
		t.Error("the socket of another node was removed")
	}
	other.Close()
}

// One that cannot be made anew is when it can be, and the log says each once.
func TestSocketWhoseDirectoryIsRemoved(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(socketDir(t), "d")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := ListenUnix(filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var lines bytes.Buffer
	log := slog.New(slog.NewTextHandler(&lines, nil))
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	l.look(log)
	l.look(log)
	if strings.Count(lines.String(), "commands do not find the node") != 1 {
		t.Errorf("the log has %q", &lines)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l.look(log)
	l.look(log)
	if strings.Count(lines.String(), "made anew") != 1 || strings.Count(lines.String(), "\n") != 2 {
		t.Errorf("the log has %q", &lines)
	}
}

// The socket of another user is nobody's to speak to, but root's.
func TestSocketOfAnotherUser(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		owner, me uint32
		refused   bool
	}{{1000, 1000, false}, {0, 1000, false}, {1001, 1000, true}, {1001, 0, false}} {
		if foreign(c.owner, c.me) != c.refused {
			t.Errorf("owner %d, user %d: %t", c.owner, c.me, !c.refused)
		}
	}
}
