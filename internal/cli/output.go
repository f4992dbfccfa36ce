package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// A CheckedWriter keeps the first error, for writes whose error is not checked.
type CheckedWriter struct {
	W   io.Writer
	Err error // the first
}

func (c *CheckedWriter) Write(b []byte) (int, error) {
	n, err := c.W.Write(b)
	if err != nil && c.Err == nil {
		c.Err = err
	}
	return n, err
}

// PrintFailure prints on stderr what happened and what to do next. before begins each line.
func (a *App) PrintFailure(cmd *cobra.Command, f *Failure, before string) {
	fmt.Fprintf(a.Stderr, "%s%s: %s\n%s  next: %s\n", before, cmd.CommandPath(), f.Message, before, f.Next)
}
