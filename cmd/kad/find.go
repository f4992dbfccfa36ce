package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/identity"
)

// A findResult is `kad find`.
type findResult struct {
	Peer    identity.ID      `json:"peer"`
	Address identity.Address `json:"address,omitzero"`
	walk
}

type findArgs struct {
	Peer identity.ID `json:"peer"`
}

var findOperation = operation[findArgs, findResult]{"find", func(args findArgs) string { return args.Peer.String() }, func(ctx context.Context, n *kadmium.Node, args findArgs) (findResult, error) {
	if args.Peer.IsZero() {
		return findResult{}, badInput("give its ID as peer", "no peer is named")
	}
	if err := notSelf(n, args.Peer); err != nil {
		return findResult{}, err
	}
	found, err := n.FindPeer(ctx, args.Peer)
	r := findResult{Peer: args.Peer, walk: newWalk(found.Lookup)}
	if err == nil {
		r.Address = found.Peer.Address
	}
	return r, err
}}

func (a *app) findCommand() *cobra.Command {
	var r reach
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
			got, err := ask(a, cmd, &r, findOperation, findArgs{id})
			if err != nil {
				return err
			}
			return a.print(got, func(w io.Writer) {
				got.draw(w)
				fmt.Fprintf(w, "%s\n(%s)\n", got.Address, got.summary())
			})
		},
	}
	r.flags(cmd)
	r.traceFlag(cmd)
	return cmd
}
