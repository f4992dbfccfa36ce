package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
)

// warnIfOpen warns on w if users other than the owner can read a key file or enter a data
// directory: with the key they could act as the node. Missing files are no reason.
func warnIfOpen(w io.Writer, paths ...string) {
	for _, path := range paths {
		if path == "" {
			continue
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm()&0o077 == 0 {
			continue
		}
		mode, what := fs.FileMode(0o600), "key file"
		if info.IsDir() {
			mode, what = 0o700, "data directory"
		}
		fmt.Fprintf(w, "warning: %s %s is open to other users (mode %04o); close it: chmod %03o %s\n", what, path, info.Mode().Perm(), mode, path)
	}
}
