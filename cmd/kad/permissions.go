package main

import (
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"kadmium"
)

// A warner warns of what other users may do with a file or directory, and says how to close
// it.
type warner func(what, path string, mode fs.FileMode, next string)

// warnOn warns a person who reads w.
func warnOn(w io.Writer) warner {
	return func(what, path string, mode fs.FileMode, next string) {
		fmt.Fprintf(w, "warning: %s: %s (mode %04o); close it: %s\n", what, path, mode.Perm(), next)
	}
}

// warnIn warns in a node's log.
func warnIn(log *slog.Logger) warner {
	return func(what, path string, mode fs.FileMode, next string) {
		log.Warn(what, "path", path, "mode", fmt.Sprintf("%04o", mode.Perm()), "next", next)
	}
}

// keyOpen warns if users other than the owner can read a key file: with the key they could
// act as the node. The file has been read as a key: of any other the advice would be wrong.
func (warn warner) keyOpen(path string) { warn.secretOpen("key file", path) }

// secretOpen warns if users other than the owner can read a file.
func (warn warner) secretOpen(what, path string) {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && openTo(info, 0o077) != 0 {
		warn(what+" is open to other users", path, info.Mode(), "chmod 600 "+path)
	}
}

// dataOpen warns of the key file in a data directory, and of a directory in which
// others can put another in its place. That they can list it, as systemd makes it, shows
// them nothing: what the node writes there is its own.
func (warn warner) dataOpen(dir string) {
	key := filepath.Join(dir, kadmium.KeyFile)
	if _, err := os.Stat(key); err != nil {
		return // no data directory, or not yet
	}
	if info, err := os.Stat(dir); err == nil && openTo(info, 0o022) != 0 && info.Mode()&fs.ModeSticky == 0 {
		warn("other users can replace files in the data directory", dir, info.Mode(), "chmod go-w "+dir)
	}
	warn.keyOpen(key)
}
