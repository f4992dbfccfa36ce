package disk

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"kadmium/store"
)

const openerArgument = "-open-journal"

// A second node on the same directory is refused, in this process or another, and
// told which directory.
func TestInUse(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	mustWrite(t, j, set(store.RecordEntry, "a", "1"))
	if _, err := Open(dir); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Errorf("in this process: %v", err)
	}
	out, err := exec.Command(os.Args[0], openerArgument, dir).Output()
	if err != nil || !strings.Contains(string(out), ErrInUse.Error()) || !strings.Contains(string(out), dir) {
		t.Errorf("in another process: %s, %v", out, err)
	}
	mustWrite(t, j, set(store.RecordEntry, "b", "2"))
	j.Close()
	wantContent(t, open(t, dir), map[string]string{"record a": "1", "record b": "2"})
}

func TestUnwritable(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{file, filepath.Join(file, "below"), "", filepath.Join(dir, strings.Repeat("long", 100))} {
		if _, err := Open(bad); !errors.Is(err, ErrUnwritable) || !strings.Contains(err.Error(), bad) {
			t.Errorf("%.40q: %v", bad, err)
		}
	}
}

// A name that leads elsewhere, or to no file, is not followed.
func TestNoRegularFile(t *testing.T) {
	elsewhere := t.TempDir()
	open(t, elsewhere).Close()
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(elsewhere, FileName), filepath.Join(dir, FileName)); err != nil {
		t.Fatal(err)
	}
	wantCorrupt(t, dir, "a symbolic link")
	dir = t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, FileName), 0o700); err != nil {
		t.Fatal(err)
	}
	wantCorrupt(t, dir, "a directory")
}

// A crash while the file was being made leaves one under another name.
func TestCrashDuringCreation(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName+".new"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	j := open(t, dir)
	mustWrite(t, j, set(store.RecordEntry, "a", "1"))
	if _, err := os.Stat(filepath.Join(dir, FileName+".new")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}
