package main

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"kadmium/api"
	"kadmium/internal/cli"
	"kadmium/store"
)

// printFailure prints a failure: what happened and what to do next on stderr, and, for a
// reader of JSON, the one object on stdout. That of a node whose log is read by programs is a
// line of it.
func (a *app) printFailure(cmd *cobra.Command, err error, asJSON bool) {
	f := *asFailure(err)
	f.Next = cli.NextFor(cmd, f.Next)
	if a.logLines {
		a.log.Logger().Error(cmd.CommandPath()+": "+f.Message, "next", f.Next)
		return
	}
	if !asJSON {
		a.diagnose(func(w io.Writer) {
			drawTrace(w, f.Lookup)
			drawRefusals(w, f.RefusedBy)
		})
	}
	of := ""
	if isJournal(a.Stderr, a.Getenv("JOURNAL_STREAM")) {
		of = priority(slog.LevelError)
	}
	a.PrintFailure(cmd, &f.Failure, of)
	if asJSON && !f.Printed {
		_ = cli.EncodeJSON(a.Stdout, &f) // stderr has the failure
	}
}

// noteLastSequence says on stderr that no sequence is left after a record's.
func (a *app) noteLastSequence(key string, sequence uint64, expires time.Time) {
	if sequence == store.MaxSequence {
		fmt.Fprintf(a.Stderr, "note: %s has the highest sequence there is: until it expires (%s, or later if it is published again) only --seq %d with a value of greater bytes replaces it\n",
			api.ShownKey(key), expires.UTC().Format(time.RFC3339), uint64(store.MaxSequence))
	}
}
