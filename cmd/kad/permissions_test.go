package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A key file or data directory that others can read is worth a warning, beside what
// was asked for.
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
	warnIfDataOpen(&b, data)
	warnIfDataOpen(&b, filepath.Join(dir, "missing"))
	warnIfKeyOpen(&b, filepath.Join(dir, "missing"))
	warnIfKeyOpen(&b, dir)
	if b.Len() != 0 {
		t.Errorf("warned of what is private: %s", &b)
	}
	for path, mode := range map[string]os.FileMode{key: 0o640, data: 0o755} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	warnIfDataOpen(&b, data)
	warned := b.String()
	if warnIfDataOpen(&b, key); b.String() != warned {
		t.Errorf("a file in place of a data directory was warned of:\n%s", &b)
	}
	for _, want := range []string{"key file " + key, "chmod 600 " + key, "data directory " + data, "chmod 700 " + data} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("warnings lack %q:\n%s", want, &b)
		}
	}
}

// The commands that read a key warn on stderr and go on.
func TestKeyShowWarns(t *testing.T) {
	u := newUser(t)
	u.kad("key", "new", "node.pem").exits(exitDone)
	if r := u.kad("key", "show", "node.pem").exits(exitDone); r.stderr != "" {
		t.Errorf("stderr %q", r.stderr)
	}
	if err := os.Chmod(filepath.Join(u.dir, "node.pem"), 0o644); err != nil {
		t.Fatal(err)
	}
	one[keyResult](u.kad("key", "show", "node.pem", "--json").exits(exitDone).says("warning: ", "node.pem"))
}
