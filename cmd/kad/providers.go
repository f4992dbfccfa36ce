package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/sim/report"
)

type providersArgs struct {
	keyArg
	Max int `json:"max"`
}

var providersOperation = operation[providersArgs, kadmium.Providers]{
	command: "providers",
	subject: func(args providersArgs) string { return shownKey(args.key()) },
	lookup:  func(p *kadmium.Providers) *kadmium.Lookup { return &p.Lookup },
	runOn: func(ctx context.Context, n *kadmium.Node, args providersArgs) (kadmium.Providers, error) {
		got := kadmium.Providers{Key: args.key()}
		for p, err := range n.Providers(ctx, args.key(), kadmium.ProvidersOptions{Max: args.Max, Lookup: &got.Lookup, More: &got.More}) {
			if err != nil {
				return got, err
			}
			got.Providers = append(got.Providers, p)
		}
		if len(got.Providers) == 0 {
			return got, fmt.Errorf("no provider: %w", kadmium.ErrNotFound)
		}
		return got, nil
	},
}

func (a *app) providersCommand() *cobra.Command {
	var choice nodeChoice
	var written keyFlag
	var q providersArgs
	cmd := &cobra.Command{
		Use:   "providers KEY",
		Short: "Find who provides a key",
		Long: `Find who provides a key: each provider has said so under its signature, to one of the
k nodes closest to the key. It asks these on, page by page, until they name no new one,
or with --max until it has met so many. It says when there may be more: if --max was
reached, if a node knew all the 256 that it keeps of a key, or if one failed half way.`,
		Example: "  kad providers /v/hello\n  kad providers /v/hello --max 3 --json",
		Args:    arguments("KEY"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if q.keyArg, err = written.parse(args[0], checkKey); err != nil {
				return err
			}
			if q.Max < 0 {
				return badInput("choose 1 or more, or 0 for all", "--max %d is out of range", q.Max)
			}
			got, err := runOperation(a, cmd, &choice, providersOperation, q)
			if err != nil {
				return err
			}
			return a.print(got, func(w io.Writer) {
				drawTrace(w, &got.Lookup)
				for _, p := range got.Providers {
					fmt.Fprintf(w, "%s  until %s\n", p.Address, p.Expires.UTC().Format(time.RFC3339))
				}
				more := ""
				if got.More {
					more = ", there may be more"
				}
				fmt.Fprintf(w, "(%s%s, %s)\n", report.Count(len(got.Providers), "provider"), more, summary(foundAt, &got.Lookup))
			})
		},
	}
	cmd.Flags().IntVar(&q.Max, "max", 0, "stop after so many; 0: find all")
	written.flag(cmd)
	choice.flags(cmd)
	choice.traceFlag(cmd)
	return cmd
}
