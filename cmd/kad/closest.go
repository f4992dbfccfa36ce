package main

import (
	"context"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/api"
	"kadmium/internal/cli"
	"kadmium/sim/report"
)

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
		Args:    cli.Arguments("KEY|PEER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			target, isKey, err := parseTarget(&written, args[0])
			if err != nil {
				return err
			}
			got, err := runOperation(a, cmd, &choice, func(ctx context.Context, c *api.Client, o api.Call) (kadmium.Closest, error) {
				return c.Closest(ctx, target, isKey, o)
			})
			if err != nil {
				return err
			}
			return a.printLines(got, func(w io.Writer) {
				drawTrace(w, &got.Lookup)
				for _, p := range got.Peers {
					fmt.Fprintf(w, "%-5s  %s\n", magnitude(p.Distance), a.shown(p.Address, len("2^255  ")))
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

// parseTarget reads KEY|PEER. What is written in hex, or is not UTF-8, is a key also if it
// reads like a peer.
func parseTarget(written *keyFlag, text string) (target string, isKey bool, err error) {
	if written.hex || !utf8.ValidString(text) {
		target, err = written.parse(text, checkKey)
		return target, true, err
	}
	if err := checkKey(text); err != nil {
		return text, false, err
	}
	_, err = api.ParseTarget(text)
	return text, false, err
}
