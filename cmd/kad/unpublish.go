package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"kadmium/api"
	"kadmium/internal/cli"
)

func (a *app) unpublishCommand() *cobra.Command {
	var choice nodeChoice
	var written keyFlag
	cmd := &cobra.Command{
		Use:     "unpublish KEY",
		Short:   "Stop publishing a key",
		Long:    "Stop publishing a key's value and provider entry: they end with their lifetimes.",
		Example: "  kad unpublish /v/hello",
		Args:    cli.Arguments("KEY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := written.parse(args[0], checkKey)
			if err != nil {
				return err
			}
			got, err := runOperation(a, cmd, &choice, func(ctx context.Context, c *api.Client, o api.Call) (api.Unpublished, error) {
				return c.Unpublish(ctx, key, o)
			})
			if err != nil {
				return err
			}
			return a.printLines(got, func(w io.Writer) { fmt.Fprintf(w, "%s is no longer published\n", api.ShownKey(key)) })
		},
	}
	written.flag(cmd)
	choice.flags(cmd)
	return cmd
}
