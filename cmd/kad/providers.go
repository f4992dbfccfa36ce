package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/api"
	"kadmium/internal/cli"
	"kadmium/sim/report"
)

func (a *app) providersCommand() *cobra.Command {
	var choice nodeChoice
	var written keyFlag
	var most int
	cmd := &cobra.Command{
		Use:   "providers KEY",
		Short: "Find who provides a key",
		Long: `Find who provides a key: each provider has said so under its signature, to one of the
k nodes closest to the key. It asks these on, page by page, until they name no new one,
or with --max until it has met so many. It says when there may be more: if --max was
reached, if a node knew all the 256 that it keeps of a key, or if one failed half way.`,
		Example: "  kad providers /v/hello\n  kad providers /v/hello --max 3 --json",
		Args:    cli.Arguments("KEY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := written.parse(args[0], checkKey)
			if err != nil {
				return err
			}
			if most < 0 {
				return cli.BadInput("choose 1 or more, or 0 for all", "--max %d is out of range", most)
			}
			got, err := runOperation(a, cmd, &choice, func(ctx context.Context, c *api.Client, o api.Call) (kadmium.Providers, error) {
				return c.Providers(ctx, key, most, o)
			})
			if err != nil {
				return err
			}
			return a.printLines(got, func(w io.Writer) {
				drawTrace(w, &got.Lookup)
				for _, p := range got.Providers {
					fmt.Fprintf(w, "%s  until %s\n", a.shown(p.Address, len("  until "+time.RFC3339)), p.Expires.UTC().Format(time.RFC3339))
				}
				more := ""
				if got.More {
					more = ", there may be more"
				}
				fmt.Fprintf(w, "(%s%s, %s)\n", report.Count(len(got.Providers), "provider"), more, summary(foundAt, &got.Lookup))
			})
		},
	}
	cmd.Flags().IntVar(&most, "max", 0, "stop after so many; 0: find all")
	written.flag(cmd)
	choice.flags(cmd)
	choice.traceFlag(cmd)
	return cmd
}
