package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"kadmium"
)

// A closestResult is `kad closest`.
type closestResult struct {
	Target string         `json:"target"` // hex
	Peers  []kadmium.Peer `json:"peers"`  // nearest first; distances in bits
	walk
}

type closestArgs struct {
	Target string `json:"target"` // KEY|PEER
}

var closestOperation = operation[closestArgs, closestResult]{"closest", func(args closestArgs) string { return args.Target }, func(ctx context.Context, n *kadmium.Node, args closestArgs) (closestResult, error) {
	target, err := parseTarget(args.Target)
	if err != nil {
		return closestResult{}, err
	}
	got, err := n.Closest(ctx, target)
	return closestResult{target.String(), append([]kadmium.Peer{}, got.Peers...), newWalk(got.Lookup)}, err
}}

func (a *app) closestCommand() *cobra.Command {
	var r reach
	cmd := &cobra.Command{
		Use:   "closest KEY|PEER",
		Short: "List the nodes closest to a key or a peer",
		Long: `List the k nodes closest to a key, or to where a peer stands, nearest first. All of
them have answered. The distance is that of XOR, on a log scale. What --trace prints is
explained by: kad help trace`,
		Example: "  kad closest /v/hello\n  kad closest 12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS",
		Args:    arguments("KEY|PEER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := parseTarget(args[0]); err != nil {
				return err
			}
			got, err := ask(a, cmd, &r, closestOperation, closestArgs{args[0]})
			if err != nil {
				return err
			}
			return a.print(got, func(w io.Writer) {
				got.draw(w)
				for _, p := range got.Peers {
					fmt.Fprintf(w, "%-5s  %s\n", magnitude(p.Distance), p.Address)
				}
				fmt.Fprintf(w, "(%s, %s)\n", count(len(got.Peers), "node"), got.summary())
			})
		},
	}
	r.flags(cmd)
	r.traceFlag(cmd)
	return cmd
}
