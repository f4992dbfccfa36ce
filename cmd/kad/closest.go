package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/sim/report"
)

type closestArgs struct {
	Target string `json:"target"` // KEY|PEER
}

var closestOperation = operation[closestArgs, kadmium.Closest]{
	command: "closest",
	subject: func(args closestArgs) string { return args.Target },
	lookup:  func(c *kadmium.Closest) *kadmium.Lookup { return &c.Lookup },
	runOn: func(ctx context.Context, n *kadmium.Node, args closestArgs) (kadmium.Closest, error) {
		target, err := parseTarget(args.Target)
		if err != nil {
			return kadmium.Closest{}, err
		}
		return n.Closest(ctx, target)
	},
}

func (a *app) closestCommand() *cobra.Command {
	var choice nodeChoice
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
			got, err := runOperation(a, cmd, &choice, closestOperation, closestArgs{args[0]})
			if err != nil {
				return err
			}
			return a.print(got, func(w io.Writer) {
				drawTrace(w, &got.Lookup)
				for _, p := range got.Peers {
					fmt.Fprintf(w, "%-5s  %s\n", magnitude(p.Distance), p.Address)
				}
				fmt.Fprintf(w, "(%s, %s)\n", report.Count(len(got.Peers), "node"), summary(&got.Lookup))
			})
		},
	}
	choice.flags(cmd)
	choice.traceFlag(cmd)
	return cmd
}
