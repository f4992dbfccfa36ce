package main

import (
	"bytes"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"kadmium/driver"
	"kadmium/identity"
)

// An app is one run of the command: what it reads and writes, and the flags that all
// commands share.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	terminal       *os.File // stdout, if it is a terminal
	getenv         func(string) string
	fromEnv        map[string]bool // flags that a KAD_* variable set
	json           bool
	log            *driver.Log // of a node, with stderr; nil: there is none
	logLines       bool        // all that the node writes to stderr is a line of its log
}

// typed reports whether the flag was given on the command line itself.
func (a *app) typed(cmd *cobra.Command, flag string) bool {
	return cmd.Flags().Changed(flag) && !a.fromEnv[flag]
}

// print writes a command's result to stdout: as one JSON object with --json, otherwise
// as plain draws it.
func (a *app) print(result any, plain func(w io.Writer)) error {
	var b bytes.Buffer
	if a.json {
		if err := encodeJSON(&b, result); err != nil {
			return err
		}
	} else {
		plain(&b)
	}
	return a.write(b.Bytes())
}

// asTerminal is w if that is a terminal, otherwise nil.
func asTerminal(w io.Writer) *os.File {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

// width is the number of columns of a terminal; 0 if there is none, or it does not say.
func width(terminal *os.File) int {
	if terminal == nil {
		return 0
	}
	columns, _, err := term.GetSize(int(terminal.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// shown is an address for a line that has so many columns beside it. At a terminal where it
// would break, it is the short form of the ID and the endpoint.
func (a *app) shown(addr identity.Address, beside int) string {
	full := addr.String()
	if columns := width(a.terminal); columns == 0 || addr.ID.IsZero() || beside+len(full) <= columns {
		return full
	}
	return addr.ID.Short() + "  " + addr.Endpoint.String()
}

// printValue is print for a value, which plain stands alone and is exactly its bytes. On a
// terminal its line is ended, so that the prompt does not follow it.
func (a *app) printValue(result any, value []byte) error {
	return a.print(result, func(w io.Writer) {
		_, _ = w.Write(value) // into memory
		if a.terminal != nil && len(value) > 0 && value[len(value)-1] != '\n' {
			_, _ = w.Write([]byte{'\n'})
		}
	})
}

// write puts bytes on stdout, exactly.
func (a *app) write(b []byte) error {
	if _, err := a.stdout.Write(b); err != nil {
		return notWritten(err)
	}
	return nil
}

func notWritten(err error) error {
	return notDone("check where the output goes", "writing the output: %v", err)
}
