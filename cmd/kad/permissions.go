package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"kadmium"
)

// warnIfKeyOpen warns on w if users other than the owner can read a key file: with the
// key they could act as the node. The file has been read as a key: of any other the
// advice would be wrong.
func warnIfKeyOpen(w io.Writer, path string) { warnIfSecretOpen(w, "key file", path) }

// warnIfSecretOpen warns on w if users other than the owner can read a file.
func warnIfSecretOpen(w io.Writer, what, path string) {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && openTo(info, 0o077) != 0 {
		fmt.Fprintf(w, "warning: %s %s is open to other users (mode %04o); close it: chmod 600 %s\n", what, path, info.Mode().Perm(), path)
	}
}

// warnIfDataOpen warns of the key file in a data directory, and of a directory in which
// others can put another in its place. That they can list it, as systemd makes it, shows
// them nothing: what the node writes there is its own.
func warnIfDataOpen(w io.Writer, dir string) {
	key := filepath.Join(dir, kadmium.KeyFile)
	if _, err := os.Stat(key); err != nil {
		return // no data directory, or not yet
	}
	if info, err := os.Stat(dir); err == nil && openTo(info, 0o022) != 0 && info.Mode()&fs.ModeSticky == 0 {
		fmt.Fprintf(w, "warning: other users can replace files in data directory %s (mode %04o); close it: chmod go-w %s\n", dir, info.Mode().Perm(), dir)
	}
	warnIfKeyOpen(w, key)
}
