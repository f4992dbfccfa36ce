package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/api"
)

func (a *app) findCommand() *cobra.Command {
	var choice nodeChoice
	cmd := &cobra.Command{
		Use:     "find PEER",
		Short:   "Find where a peer is",
		Long:    "Find where a peer is: it has answered at the address that is printed.",
		Example: "  kad find 12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS --trace",
		Args:    arguments("PEER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := api.ParsePeer(args[0])
			if err != nil {
				return err
			}
			got, err := runOperation(a, cmd, &choice, func(ctx context.Context, c *api.Client, o api.Call) (kadmium.Found, error) {
				return c.FindPeer(ctx, id, o)
			})
			if err != nil {
				return err
			}
			return a.print(got, func(w io.Writer) {
				drawTrace(w, &got.Lookup)
				fmt.Fprintf(w, "%s\n(%s)\n", got.Peer.Address, summary(foundAt, &got.Lookup))
			})
		},
	}
	choice.flags(cmd)
	choice.traceFlag(cmd)
	return cmd
}
