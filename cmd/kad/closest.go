package main

import (
	"context"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/identity"
	"kadmium/sim/report"
)

// closestArgs are a target, KEY|PEER, or a key, which counts if both are given.
type closestArgs struct {
	Target string `json:"target,omitempty"`
	keyArg
}

// position is where the target is, and what people call it.
func (c closestArgs) position() (p identity.Position, name string, err error) {
	key := c.key()
	if key == "" {
		p, err = parseTarget(c.Target)
		return p, c.Target, err
	}
	return identity.KeyPosition([]byte(key)), shownKey(key), checkKey(key)
}

var closestOperation = operation[closestArgs, kadmium.Closest]{
	command: "closest",
	subject: func(args closestArgs) string { _, name, _ := args.position(); return name },
	lookup:  func(c *kadmium.Closest) *kadmium.Lookup { return &c.Lookup },
	runOn: func(ctx context.Context, n *kadmium.Node, args closestArgs) (kadmium.Closest, error) {
		target, _, err := args.position()
		if err != nil {
			return kadmium.Closest{}, err
		}
		return n.Closest(ctx, target)
	},
}

func (a *app) closestCommand() *cobra.Command {
	var choice nodeChoice
	var written keyFlag
	cmd := &cobra.Command{
		Use:   "closest KEY|PEER",
		Short: "List the nodes closest to a key or a peer",
		Long: `List the k nodes closest to a key, or to where a peer stands, nearest first. All of
them have answered. The distance is that of XOR, on a log scale. What --trace prints is
explained by: kad help trace`,
		Example: "  kad closest /v/hello\n  kad closest 12D3KooWLU2znyJMtDiHArqAGbZn8CgUGp92kxDBtefftEEaHSZS",
		Args:    arguments("KEY|PEER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			target := closestArgs{Target: args[0]}
			if written.hex || !utf8.ValidString(args[0]) {
				var err error
				if target.keyArg, err = written.parse(args[0], checkKey); err != nil {
					return err
				}
			}
			if _, _, err := target.position(); err != nil {
				return err
			}
			got, err := runOperation(a, cmd, &choice, closestOperation, target)
			if err != nil {
				return err
			}
			return a.print(got, func(w io.Writer) {
				drawTrace(w, &got.Lookup)
				for _, p := range got.Peers {
					fmt.Fprintf(w, "%-5s  %s\n", magnitude(p.Distance), p.Address)
				}
				fmt.Fprintf(w, "(%s, %s)\n", report.Count(len(got.Peers), "node"), summary(closestAt, &got.Lookup))
			})
		},
	}
	written.flag(cmd)
	choice.flags(cmd)
	choice.traceFlag(cmd)
	return cmd
}
