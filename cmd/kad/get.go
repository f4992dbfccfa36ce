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
	var opts kadmium.GetOptions
	var file string
	cmd := &cobra.Command{
		Use:   "get KEY",
		Short: "Fetch a value",
		Long: `Fetch the value under a key and write exactly its bytes to stdout (on a terminal also the
end of its line), or to a file. It weighs three answers of different subnets and takes the
best; under /imm and /pk the first. With --quorum it weighs so many, and repairs those of the
closest nodes that had an older value or none. With --fresh it asks all nodes near the key,
so that few of them cannot hide a newer value, and repairs them likewise.`,
		Example: `  kad get /v/hello
  kad get /v/hello --quorum 5 -o hello.txt --trace
  kad get /v/hello --fresh`,
		Args: cli.Arguments("KEY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := written.parse(args[0], checkRecordKey)
			if err != nil {
				return err
			}
			if opts.Quorum < 1 && cmd.Flags().Changed("quorum") {
				return cli.BadInput("choose 1 or more", "--quorum %d is out of range", opts.Quorum)
			}
			got, err := runOperation(a, cmd, &choice, func(ctx context.Context, c *api.Client, o api.Call) (kadmium.Value, error) {
				return c.Get(ctx, key, opts, o)
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
	cmd.Flags().IntVar(&opts.Quorum, "quorum", 0, "number of valid answers to weigh (default 3, under /imm and /pk 1)")
	cmd.Flags().BoolVar(&opts.Fresh, "fresh", false, "ask all nodes near the key: no few of them can hide a newer value")
	cmd.Flags().StringVarP(&file, "output", "o", "", "write the value to this file; - is stdout")
	written.flag(cmd)
	choice.flags(cmd)
	choice.traceFlag(cmd)
	return cmd
}
