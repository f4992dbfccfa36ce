package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
)

// warnIfOpen says on w when others than its owner can read a key file, or look into a
// data directory: who has the key is the node. A missing one is nobody's.
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
