// Package cli has what all commands share: what they read and write, flags and the
// environment, failures with an exit code and what to do next, progress.
package cli

import (
	"bytes"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// An App is one run of a command: what it reads and writes, and the flags that all
// commands share.
type App struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Terminal       *os.File // Stdout, if it is a terminal
	Getenv         func(string) string
	JSON           bool // print one JSON object
}

// Of is the App of a command that others define, as it was prepared with Prepare.
func Of(cmd *cobra.Command) *App {
	a := &App{Stdin: cmd.InOrStdin(), Stdout: cmd.OutOrStdout(), Stderr: cmd.ErrOrStderr(), Getenv: os.Getenv}
	if f := cmd.Flag(jsonFlag); f != nil {
		a.JSON = f.Value.String() == "true"
	}
	return a
}

// jsonFlag is the flag of all commands that prints one JSON object.
const jsonFlag = "json"

// Prepare makes a root command that is complete read and write through the App, and gives
// it and those below it --json, their variables, and failures for what is wrong with flags.
func (a *App) Prepare(root *cobra.Command) {
	root.SilenceErrors, root.SilenceUsage = true, true
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := refuseEmpty(cmd); err != nil {
			return err
		}
		return a.applyEnv(cmd)
	}
	root.SetIn(a.Stdin)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	root.PersistentFlags().BoolVar(&a.JSON, jsonFlag, false, "print one JSON object")
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return BadInput("see: "+cmd.CommandPath()+" --help", "%s", badFlag(err))
	})
	nameEnv(root)
	a.describeAsJSON(root)
}

// Print writes a command's result to stdout: as one JSON object with --json, otherwise
// as plain draws it.
func (a *App) Print(result any, plain func(w io.Writer)) error {
	var b bytes.Buffer
	if a.JSON {
		if err := EncodeJSON(&b, result); err != nil {
			return err
		}
	} else {
		plain(&b)
	}
	return a.Write(b.Bytes())
}

// Write puts bytes on stdout, exactly.
func (a *App) Write(b []byte) error {
	if _, err := a.Stdout.Write(b); err != nil {
		return NotWritten(err)
	}
	return nil
}

// NotWritten is the failure of a command whose output could not be written.
func NotWritten(err error) error {
	return NotDone("check where the output goes", "writing the output: %v", err)
}

// AsTerminal is w if that is a terminal, otherwise nil.
func AsTerminal(w io.Writer) *os.File {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

// Width is the number of columns of a terminal; 0 if there is none, or it does not say.
func Width(terminal *os.File) int {
	if terminal == nil {
		return 0
	}
	columns, _, err := term.GetSize(int(terminal.Fd()))
	if err != nil {
		return 0
	}
	return columns
}
