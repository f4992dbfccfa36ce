package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/identity"
)

type findArgs struct {
	Peer identity.ID `json:"peer"`
}

var findOperation = operation[findArgs, kadmium.Found]{
	command: "find",
	subject: func(args findArgs) string { return args.Peer.String() },
	lookup:  func(f *kadmium.Found) *kadmium.Lookup { return &f.Lookup },
	runOn: func(ctx context.Context, n *kadmium.Node, args findArgs) (kadmium.Found, error) {
		if args.Peer.IsZero() {
			return kadmium.Found{}, badInput("give its ID as peer", "no peer is named")
		}
		if err := notSelf(n, args.Peer); err != nil {
			return kadmium.Found{}, err
		}
		return n.FindPeer(ctx, args.Peer)
	},
}

func (a *app) findCommand() *cobra.Command {
	var choice nodeChoice
	cmd := &cobra.Command{
		Use:     "find PEER",
		Short:   "Find where a peer is",
		Long:    "Find where a peer is: it has answered at the address that is printed.",
		Example: "  kad find 12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS --trace",
		Args:    arguments("PEER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parsePeer(args[0])
			if err != nil {
				return err
			}
			got, err := runOperation(a, cmd, &choice, findOperation, findArgs{id})
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
