package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/api"
	"kadmium/internal/cli"
)

func (a *app) provideCommand() *cobra.Command {
	var choice nodeChoice
	var written keyFlag
	var local bool
	cmd := &cobra.Command{
		Use:   "provide KEY",
		Short: "Tell the network that the node provides a key",
		Long: `Tell the k nodes closest to a key that the node provides it: others find the node by
"kad providers KEY". The running node says so again every 22 h.`,
		Example: "  kad provide /v/hello",
		Args:    cli.Arguments("KEY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := written.parse(args[0], checkKey)
			if err != nil {
				return err
			}
			got, err := runOperation(a, cmd, &choice, func(ctx context.Context, c *api.Client, o api.Call) (kadmium.Stored, error) {
				return c.Provide(ctx, key, local, o)
			})
			if err != nil {
				return err
			}
			got.Published = !choice.temporary(a, cmd)
			return a.printLines(got, func(w io.Writer) { drawStored(w, &got, "announced", "") })
		},
	}
	cmd.Flags().BoolVar(&local, "local", false, localHelp)
	written.flag(cmd)
	choice.flags(cmd)
	choice.traceFlag(cmd)
	return cmd
}
