package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/api"
	"kadmium/internal/cli"
	"kadmium/sim/report"
)

func (a *app) getCommand() *cobra.Command {
	var choice nodeChoice
	var written keyFlag
	var quorum int
	var file string
	cmd := &cobra.Command{
		Use:   "get KEY",
		Short: "Fetch a value",
		Long: `Fetch the value under a key and write exactly its bytes to stdout (on a terminal also the
end of its line), or to a file. It ends at the first valid value; with --quorum it weighs several answers, takes the best, and
repairs those of the closest nodes that had an older one or none.`,
		Example: `  kad get /v/hello
  kad get /v/hello --quorum 5 -o hello.txt --trace`,
		Args: cli.Arguments("KEY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := written.parse(args[0], checkRecordKey)
			if err != nil {
				return err
			}
			if quorum < 1 {
				return cli.BadInput("choose 1 or more", "--quorum %d is out of range", quorum)
			}
			got, err := runOperation(a, cmd, &choice, func(ctx context.Context, c *api.Client, o api.Call) (kadmium.Value, error) {
				return c.Get(ctx, key, kadmium.GetOptions{Quorum: quorum}, o)
			})
			if err != nil {
				return err
			}
			a.noteLastSequence(got.Key, got.Sequence, got.Expires)
			if file != "" && file != "-" {
				if err := os.WriteFile(file, got.Value, 0o666); err != nil {
					return cli.NotDone("choose another file with -o", "writing the value: %v", err)
				}
				return a.printLines(got, func(w io.Writer) {
					drawTrace(w, &got.Lookup)
					fmt.Fprintf(w, "%s: %s (%s)\n", file, report.Count(len(got.Value), "byte"), summary(foundAt, &got.Lookup))
				})
			}
			if !a.JSON { // stdout is for the value only
				a.diagnose(func(w io.Writer) { drawTrace(w, &got.Lookup) })
			}
			return a.printValue(got, got.Value)
		},
	}
	cmd.Flags().IntVar(&quorum, "quorum", 1, "number of valid answers to weigh")
	cmd.Flags().StringVarP(&file, "output", "o", "", "write the value to this file; - is stdout")
	written.flag(cmd)
	choice.flags(cmd)
	choice.traceFlag(cmd)
	return cmd
}
