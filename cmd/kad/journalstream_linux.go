package main

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// isJournal reports whether w is the stream to systemd's journal that JOURNAL_STREAM names
// by its device and inode: a log may have been sent elsewhere since.
func isJournal(w io.Writer, stream string) bool {
	f, ok := w.(*os.File)
	if !ok || stream == "" {
		return false
	}
	info, err := f.Stat()
	if err != nil {
		return false
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && fmt.Sprintf("%d:%d", s.Dev, s.Ino) == stream
}
