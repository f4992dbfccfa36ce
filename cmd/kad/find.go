package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/api"
	"kadmium/internal/cli"
)

func (a *app) findCommand() *cobra.Command {
	var choice nodeChoice
	cmd := &cobra.Command{
		Use:     "find PEER",
		Short:   "Find where a peer is",
		Long:    "Find where a peer is: it has answered at the address that is printed.",
		Example: "  kad find 12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS --trace",
		Args:    cli.Arguments("PEER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := api.CheckPeer(args[0]); err != nil {
				return err
			}
			got, err := runOperation(a, cmd, &choice, func(ctx context.Context, c *api.Client, o api.Call) (kadmium.Found, error) {
				return c.FindPeer(ctx, args[0], o)
			})
			if err != nil {
				return err
			}
			return a.printLines(got, func(w io.Writer) {
				drawTrace(w, &got.Lookup)
				where := got.Peer.Address.String()
				if columns := cli.Width(a.Terminal); columns > 0 && len(where) > columns {
					where = fmt.Sprintf("%s\nat %s", got.Peer.ID, got.Peer.Address.Endpoint)
				}
				fmt.Fprintf(w, "%s\n(%s)\n", where, summary(foundAt, &got.Lookup))
			})
		},
	}
	choice.flags(cmd)
	choice.traceFlag(cmd)
	return cmd
}
