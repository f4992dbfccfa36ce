//go:build unix

package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
)

// What Kubernetes makes of a volume by fsGroup is no warning at each start: the directory is
// one of mode 2775 and of the pod's group, and so are, with 0660, the files of a volume that
// comes from elsewhere.
func TestDataDirectoryOfKubernetes(t *testing.T) {
	if !privateGroup(os.DirFS("/etc"), os.Geteuid(), os.Getegid()) {
		t.Skip("others are in this user's group: run it as root, or as a user with a group of its own")
	}
	u := newUser(t)
	data := filepath.Join(u.dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(data, -1, os.Getegid()); err != nil {
		t.Fatal(err)
	}
	start := func() string {
		if err := os.Chmod(data, 0o775|fs.ModeSetgid); err != nil {
			t.Fatal(err)
		}
		n := u.node("--data", "data", "--http", "0")
		n.stop(syscall.SIGTERM)
		return n.stderr.String()
	}
	if got := start(); strings.Contains(got, "WARN") {
		t.Errorf("a new volume: %s", got)
	}
	for _, name := range []string{"key.pem", "api.token", "kadmium.db"} {
		if err := os.Chmod(filepath.Join(data, name), 0o660); err != nil {
			t.Fatal(err)
		}
	}
	if got := start(); strings.Contains(got, "WARN") {
		t.Errorf("a volume from elsewhere: %s", got)
	}
	if os.Geteuid() != 0 {
		return
	}
	if err := os.Chown(data, -1, 54321); err != nil {
		t.Fatal(err)
	}
	if got := start(); !strings.Contains(got, "other users can replace files in the data directory") {
		t.Errorf("a group that is not the node's: %s", got)
	}
}

func TestPrivateGroup(t *testing.T) {
	t.Parallel()
	const passwd = "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:100::/home/bob:/bin/sh\ncat:x:1002:100::/:\n"
	const group = "root:x:0:\nusers:x:100:\nann:x:1000:ann,root\nbob:x:1001:cat\n\nshort\n"
	for name, c := range map[string]struct {
		passwd, group string
		uid, gid      int
		want          bool
	}{
		"a group of its own":                     {passwd, group, 1000, 1000, true},
		"root's":                                 {passwd, group, 0, 0, true},
		"one that all users have":                {passwd, group, 1001, 100, false},
		"one with a member":                      {passwd, group, 1001, 1001, false},
		"others' first group":                    {passwd, group, 100, 100, false},
		"a container's, which has no name":       {passwd, group, 65532, 65532, true},
		"one of users who are listed elsewhere":  {passwd, group, 20001, 20000, false},
		"in an image of the program alone":       {"", "", 1000, 2000, true},
		"in an image that lists users, no group": {passwd, "", 1000, 1000, true},
	} {
		etc := make(fstest.MapFS)
		for file, text := range map[string]string{"passwd": c.passwd, "group": c.group} {
			if text != "" {
				etc[file] = &fstest.MapFile{Data: []byte(text)}
			}
		}
		if got := privateGroup(etc, c.uid, c.gid); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if privateGroup(fstest.MapFS{"passwd": {Mode: fs.ModeDir}}, 1, 1) {
		t.Error("a list that cannot be read")
	}
}
