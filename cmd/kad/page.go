package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"kadmium/api"
	"kadmium/internal/cli"
)

func (a *app) pageCommand() *cobra.Command {
	choice := nodeChoice{timeout: api.DefaultTimeout}
	cmd := &cobra.Command{
		Use:   "page",
		Short: "Print the address of a running node's page, with the token for it",
		Long: `Print the address at which a running node serves its page and its HTTP API (kad node
--http), with the token for it after #token=. Who has the token may do everything with
the node. A browser keeps what follows # to itself; other programs send the token as
Authorization: Bearer TOKEN. Do not pass the address to a program as an argument, as
other users see those.`,
		Example: "  kad page\n  kad page --data ~/.kad --json",
		Args:    cli.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := runOperation(a, cmd, &choice, func(ctx context.Context, c *api.Client, o api.Call) (api.PageAddress, error) {
				return c.Page(ctx, o)
			})
			if err != nil {
				return err
			}
			return a.Print(p, func(w io.Writer) { fmt.Fprintln(w, p.URL) })
		},
	}
	choice.runningFlags(cmd)
	return cmd
}
