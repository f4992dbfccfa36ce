package main

import (
	"fmt"
	"io"
	"time"

	"kadmium/api"
	"kadmium/store"
)

// A checkedWriter keeps the first error, for writes whose error is not checked.
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	if err != nil && c.err == nil {
		c.err = err
	}
	return n, err
}

// printFailure prints a failure: what happened and what to do next on stderr, and, for a
// reader of JSON, the one object on stdout.
func (a *app) printFailure(command string, err error, asJSON bool) {
	f := asFailure(err)
	if !asJSON {
		drawTrace(a.stderr, f.Lookup)
	}
	fmt.Fprintf(a.stderr, "%s: %s\n  next: %s\n", command, f.Message, f.Next)
	if asJSON && !f.printed {
		_ = encodeJSON(a.stdout, f) // stderr has the failure
	}
}

// noteLastSequence says on stderr that no sequence is left after a record's.
func (a *app) noteLastSequence(key string, sequence uint64, expires time.Time) {
	if sequence == store.MaxSequence {
		fmt.Fprintf(a.stderr, "note: %s has the highest sequence there is, and nobody can replace it before it expires (%s)\n", api.ShownKey(key), expires.UTC().Format(time.RFC3339))
	}
}
