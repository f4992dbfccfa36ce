package command

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"kadmium/internal/cli"
	"kadmium/sim"
)

// Main is a main of `kad sim` under the name of the program that calls it, with its exit
// codes: 0 done, 1 not done, 2 bad input. It ends the process.
func Main() {
	a := &cli.App{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := execute(ctx, a, name, os.Args[1:])
	stop()
	os.Exit(code)
}

// execute runs one command line of the program with that name, and returns its exit code.
func execute(ctx context.Context, a *cli.App, name string, args []string) int {
	out := &cli.CheckedWriter{W: a.Stdout}
	a.Stdout = out
	root := New()
	rename(root, name)
	root.Use = name
	a.Prepare(root)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil && out.Err != nil {
		err = cli.NotWritten(out.Err)
	}
	if err == nil {
		return cli.ExitDone
	}
	f := *cli.AsFailure(err)
	if errors.Is(err, sim.ErrBadConfig) {
		f.Next, f.Code = name+" --help says what each flag takes", cli.ExitBadInput
	}
	f.Message, f.Next = ofProgram(f.Message, name), ofProgram(cli.NextFor(cmd, f.Next), name)
	a.PrintFailure(cmd, &f, "")
	if a.WantsJSON(args) && !f.Printed {
		_ = cli.EncodeJSON(a.Stdout, &f) // stderr has the failure
	}
	return f.Code
}

// rename has the help of a command and those below it name the program.
func rename(cmd *cobra.Command, name string) {
	cmd.Long, cmd.Example = ofProgram(cmd.Long, name), ofProgram(cmd.Example, name)
	for _, below := range cmd.Commands() {
		rename(below, name)
	}
}

// ofProgram is a text about `kad sim` as one about a program that is it.
func ofProgram(text, name string) string { return strings.ReplaceAll(text, "kad sim", name) }
