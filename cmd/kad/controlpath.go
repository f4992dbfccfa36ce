package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// socketName is the control socket in a data directory.
const socketName = "control.sock"

// controlPath is where a node listens and its clients connect: the path given,
// otherwise in the data directory, otherwise the user's default.
func controlPath(control, data string) string {
	switch {
	case control != "":
		return control
	case data != "":
		return filepath.Join(data, socketName)
	}
	return defaultControlPath()
}

// defaultControlPath is the control socket of a node without data directory: in the
// user's runtime directory if there is one, otherwise in that of temporary files.
func defaultControlPath() string {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		return filepath.Join(dir, "kad.sock")
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("kad-%d.sock", os.Getuid()))
}

// defaultDataDir is where commands look for a running node's socket besides
// defaultControlPath. It is only made if --data names it.
func defaultDataDir() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".kad")
}
