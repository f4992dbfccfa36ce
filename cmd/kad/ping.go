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

func (a *app) pingCommand() *cobra.Command {
	var choice nodeChoice
	var protocols bool
	cmd := &cobra.Command{
		Use:   "ping PEER|ADDR",
		Short: "Ask a peer whether it is there",
		Long: "Ask a peer whether it is there, and where it sees this node. A peer given by its ID is found first.\n\n" +
			"With --protocols it also asks which protocols the peer handles (kad send).",
		Example: `  kad ping 12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS
  kad ping seed.example:4100 --bootstrap seed.example:4100`,
		Args: cli.Arguments("PEER|ADDR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			to, err := api.ParseDestination(args[0])
			if err != nil {
				return err
			}
			got, err := runOperation(a, cmd, &choice, func(ctx context.Context, c *api.Client, o api.Call) (kadmium.Pong, error) {
				return c.Ping(ctx, to, protocols, o)
			})
			if err != nil {
				return err
			}
			return a.printLines(got, func(w io.Writer) {
				drawTrace(w, got.Lookup)
				fmt.Fprintf(w, "%s answered in %s\n", a.shown(got.Address, len(" answered in 123.45ms")), brief(got.RTT))
				if got.Observed.Endpoint.IsValid() {
					fmt.Fprintf(w, "it saw this node at %s\n", a.shown(got.Observed, len("it saw this node at ")))
				}
				for _, name := range got.Protocols {
					fmt.Fprintf(w, "it handles %s\n", api.ShownKey(name))
				}
				switch {
				case got.MoreProtocols:
					fmt.Fprintln(w, "it handles other protocols too")
				case protocols && len(got.Protocols) == 0:
					fmt.Fprintln(w, "it handles no protocol")
				}
			})
		},
	}
	cmd.Flags().BoolVar(&protocols, "protocols", false, "ask which protocols the peer handles")
	choice.flags(cmd)
	choice.traceFlag(cmd)
	return cmd
}
