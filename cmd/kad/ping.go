package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"kadmium"
)

type pingArgs struct {
	To destination `json:"to"`
}

var pingOperation = operation[pingArgs, kadmium.Pong]{
	command: "ping",
	subject: func(args pingArgs) string { return args.To.String() },
	lookup:  func(p *kadmium.Pong) *kadmium.Lookup { return p.Lookup },
	runOn: func(ctx context.Context, n *kadmium.Node, args pingArgs) (kadmium.Pong, error) {
		return args.To.ping(ctx, n)
	},
}

func (a *app) pingCommand() *cobra.Command {
	var choice nodeChoice
	cmd := &cobra.Command{
		Use:   "ping PEER|ADDR",
		Short: "Ask a peer whether it is there",
		Long:  "Ask a peer whether it is there, and where it sees this node. A peer given by its ID is found first.",
		Example: `  kad ping 12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS
  kad ping seed.example:4100 --bootstrap seed.example:4100`,
		Args: arguments("PEER|ADDR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			to, err := parseDestination(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			got, err := runOperation(a, cmd, &choice, pingOperation, pingArgs{to})
			if err != nil {
				return err
			}
			return a.print(got, func(w io.Writer) {
				drawTrace(w, got.Lookup)
				fmt.Fprintf(w, "%s answered in %s\n", got.Address, brief(got.RTT))
				if got.Observed.Endpoint.IsValid() {
					fmt.Fprintf(w, "it saw this node at %s\n", got.Observed)
				}
			})
		},
	}
	choice.flags(cmd)
	choice.traceFlag(cmd)
	return cmd
}
