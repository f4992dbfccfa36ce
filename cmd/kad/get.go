package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/sim/report"
)

type getArgs struct {
	keyArg
	Quorum int `json:"quorum"`
}

var getOperation = operation[getArgs, kadmium.Value]{
	command: "get",
	subject: func(args getArgs) string { return shownKey(args.key()) },
	lookup:  func(v *kadmium.Value) *kadmium.Lookup { return &v.Lookup },
	runOn: func(ctx context.Context, n *kadmium.Node, args getArgs) (kadmium.Value, error) {
		return n.Get(ctx, args.key(), kadmium.GetOptions{Quorum: args.Quorum})
	},
}

func (a *app) getCommand() *cobra.Command {
	var choice nodeChoice
	var written keyFlag
	var q getArgs
	var file string
	cmd := &cobra.Command{
		Use:   "get KEY",
		Short: "Fetch a value",
		Long: `Fetch the value under a key and write exactly its bytes to stdout, or to a file. It ends
at the first valid value; with --quorum it weighs several answers, takes the best, and
repairs those of the closest nodes that had an older one or none.`,
		Example: `  kad get /v/hello
  kad get /v/hello --quorum 5 -o hello.txt --trace`,
		Args: arguments("KEY"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if q.keyArg, err = written.parse(args[0], checkRecordKey); err != nil {
				return err
			}
			if q.Quorum < 1 {
				return badInput("choose 1 or more", "--quorum %d is out of range", q.Quorum)
			}
			got, err := runOperation(a, cmd, &choice, getOperation, q)
			if err != nil {
				return err
			}
			a.noteLastSequence(got.Key, got.Sequence, got.Expires)
			if file != "" && file != "-" {
				if err := os.WriteFile(file, got.Value, 0o666); err != nil {
					return notDone("choose another file with -o", "writing the value: %v", err)
				}
				return a.print(got, func(w io.Writer) {
					drawTrace(w, &got.Lookup)
					fmt.Fprintf(w, "%s: %s (%s)\n", file, report.Count(len(got.Value), "byte"), summary(foundAt, &got.Lookup))
				})
			}
			if !a.json { // stdout is for the value only
				drawTrace(a.stderr, &got.Lookup)
			}
			return a.print(got, func(w io.Writer) { _, _ = w.Write(got.Value) })
		},
	}
	cmd.Flags().IntVar(&q.Quorum, "quorum", 1, "number of valid answers to weigh")
	cmd.Flags().StringVarP(&file, "output", "o", "", "write the value to this file; - is stdout")
	written.flag(cmd)
	choice.flags(cmd)
	choice.traceFlag(cmd)
	return cmd
}
