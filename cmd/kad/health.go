package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/api"
	"kadmium/internal/cli"
)

func (a *app) healthCommand() *cobra.Command {
	choice := nodeChoice{timeout: api.DefaultTimeout}
	var live, ready bool
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Say whether a running node is well, for containers and scripts",
		Long: `Say whether a running node works: its sockets are read, and its journal is written. With
--ready, whether it is a working member of its network too: a peer answered it in the
last 30 s, or it was given nobody to join through. With --live, whether its sockets are
read: one whose disk is full lives, as it serves what it holds, and who starts nodes again
should ask that. It exits with 0 if so, otherwise with 1, and says why.`,
		Example: "  kad health --data /var/lib/kad\n  kad health --ready --json",
		Args:    cli.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case live && ready:
				return cli.BadInput("choose one of them", "--live asks for less than --ready")
			case ready:
				return a.sayReady(cmd, &choice)
			case live:
				return a.sayLive(cmd, &choice)
			}
			return a.sayHealthy(cmd, &choice)
		},
	}
	cmd.Flags().BoolVar(&ready, "ready", false, "whether it is a working member of its network, too")
	cmd.Flags().BoolVar(&live, "live", false, "only whether it lives: its sockets are read")
	choice.runningFlags(cmd)
	return cmd
}

func (a *app) sayLive(cmd *cobra.Command, choice *nodeChoice) error {
	l, err := runOperation(a, cmd, choice, func(ctx context.Context, c *api.Client, o api.Call) (api.Liveness, error) {
		return c.Live(ctx, o)
	})
	switch {
	case err != nil:
		return err
	case !l.Live:
		return cli.NotDone("see the log of the node; if it does not end by itself within a minute, start it again", "the node does not live: %s", l.Reason)
	}
	return a.printLines(l, func(w io.Writer) { fmt.Fprintf(w, "live: %s\n", l.Reason) })
}

func (a *app) sayHealthy(cmd *cobra.Command, choice *nodeChoice) error {
	h, err := runOperation(a, cmd, choice, func(ctx context.Context, c *api.Client, o api.Call) (api.Health, error) {
		return c.Health(ctx, o)
	})
	switch {
	case err != nil:
		return err
	case !h.Healthy:
		return notHealthy(h)
	}
	return a.printLines(h, func(w io.Writer) { fmt.Fprintf(w, "healthy: %s\n", h.Reason) })
}

func notHealthy(h api.Health) error {
	return cli.NotDone("see the log of the node; it goes on trying by itself", "the node is not healthy: %s", h.Reason)
}

// sayReady says whether the node works and is ready.
func (a *app) sayReady(cmd *cobra.Command, choice *nodeChoice) error {
	var h api.Health
	r, err := runOperation(a, cmd, choice, func(ctx context.Context, c *api.Client, o api.Call) (r kadmium.Readiness, err error) {
		if h, err = c.Health(ctx, o); err == nil {
			r, err = c.Ready(ctx, o)
		}
		return r, err
	})
	switch {
	case err != nil:
		return err
	case !h.Healthy:
		return notHealthy(h)
	case !r.Ready:
		return cli.NotDone("check the network of its machine, and that its peers run; it becomes ready by itself once one answers", "the node is not ready: %s", r.Reason)
	}
	return a.printLines(r, func(w io.Writer) { fmt.Fprintf(w, "ready: %s\n", r.Reason) })
}
