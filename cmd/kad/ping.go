package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/identity"
)

// A pingResult is `kad ping`.
type pingResult struct {
	Peer     identity.ID      `json:"peer"`
	Address  identity.Address `json:"address,omitzero"`
	MS       float64          `json:"ms"`
	Observed identity.Address `json:"observed,omitzero"` // where the peer saw the asking node
	Serves   bool             `json:"serves"`            // the peer is a server
	search                    // by its ID
}

type pingArgs struct {
	To destination `json:"to"`
}

var pingOperation = operation[pingArgs, pingResult]{"ping", func(args pingArgs) string { return args.To.String() }, func(ctx context.Context, n *kadmium.Node, args pingArgs) (pingResult, error) {
	to, w, err := args.To.locate(ctx, n)
	r := pingResult{search: search{w}}
	if err != nil {
		return r, err
	}
	pong, err := n.Ping(ctx, to)
	if err != nil {
		return r, err
	}
	r.Peer, r.Address, r.MS = pong.Address.ID, pong.Address, milliseconds(pong.RTT)
	r.Observed, r.Serves = pong.Observed, pong.Serves
	return r, nil
}}

func (a *app) pingCommand() *cobra.Command {
	var r reach
	cmd := &cobra.Command{
		Use:   "ping PEER|ADDR",
		Short: "Ask a peer whether it is there",
		Long:  "Ask a peer whether it is there, and where it sees this node. A peer given by its ID is found first.",
		Example: `  kad ping 12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS
  kad ping seed.example:4100 --bootstrap seed.example:4100`,
		Args: arguments("PEER|ADDR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			to, err := parsePeerOrAddress(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			got, err := ask(a, cmd, &r, pingOperation, pingArgs{destinationOf(to)})
			if err != nil {
				return err
			}
			return a.print(got, func(w io.Writer) {
				got.walked().draw(w)
				fmt.Fprintf(w, "%s answered in %s\n", got.Address, brief(duration(got.MS)))
				if got.Observed.Endpoint.IsValid() {
					fmt.Fprintf(w, "it saw this node at %s\n", got.Observed)
				}
			})
		},
	}
	r.flags(cmd)
	r.traceFlag(cmd)
	return cmd
}
