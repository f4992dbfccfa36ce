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
// key they could act as the node. It says nothing about what is missing or no file.
func warnIfKeyOpen(w io.Writer, path string) {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		warnIfOpen(w, "key file", path, info.Mode(), 0o600)
	}
}

// warnIfDataOpen does so for a data directory and the key file in it.
func warnIfDataOpen(w io.Writer, dir string) {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		warnIfOpen(w, "data directory", dir, info.Mode(), 0o700)
	}
	warnIfKeyOpen(w, filepath.Join(dir, kadmium.KeyFile))
}

func warnIfOpen(w io.Writer, what, path string, mode, want fs.FileMode) {
	if mode.Perm()&0o077 != 0 {
		fmt.Fprintf(w, "warning: %s %s is open to other users (mode %04o); close it: chmod %03o %s\n", what, path, mode.Perm(), want, path)
	}
}
