package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"kadmium"
)

type provideArgs struct {
	Key string `json:"key"`
}

var provideOperation = operation[provideArgs, putResult]{"provide", func(args provideArgs) string { return args.Key }, func(ctx context.Context, n *kadmium.Node, args provideArgs) (putResult, error) {
	got, err := n.Provide(ctx, args.Key)
	return newPutResult(args.Key, got), err
}}

func (a *app) provideCommand() *cobra.Command {
	var r reach
	cmd := &cobra.Command{
		Use:   "provide KEY",
		Short: "Tell the network that the node provides a key",
		Long: `Tell the k nodes closest to a key that the node provides it: others find the node by
"kad providers KEY". The running node says so again every 22 h.`,
		Example: "  kad provide /v/hello",
		Args:    arguments("KEY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkKey(args[0]); err != nil {
				return err
			}
			got, err := ask(a, cmd, &r, provideOperation, provideArgs{args[0]})
			if err != nil {
				return err
			}
			got.Republished = !r.own(a, cmd)
			return a.print(got, func(w io.Writer) { got.drawPut(w, "announced") })
		},
	}
	r.flags(cmd)
	r.traceFlag(cmd)
	return cmd
}
