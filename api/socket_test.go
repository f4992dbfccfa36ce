//go:build unix

package api

import (
	"errors"
	"io/fs"
	"net"
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
	first.(*net.UnixListener).SetUnlinkOnClose(false) // as after kill -9
	first.Close()
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
