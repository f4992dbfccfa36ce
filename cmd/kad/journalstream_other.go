//go:build !linux

package main

import "io"

// isJournal reports whether w is the stream to systemd's journal, which only Linux has.
func isJournal(io.Writer, string) bool { return false }
