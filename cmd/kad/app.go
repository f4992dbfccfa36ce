package main

import (
	"bytes"
	"io"

	"github.com/spf13/cobra"
)

// An app is one run of the command: what it reads and writes, and the flags that all
// commands share.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	fromEnv        map[string]bool // flags that a KAD_* variable set
	json           bool
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
