package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/transport"
)

var statsOperation = operation[noArgs, kadmium.Stats]{"stats", nil, func(_ context.Context, n *kadmium.Node, _ noArgs) (kadmium.Stats, error) {
	return n.Stats(), nil
}}

func (a *app) statsCommand() *cobra.Command {
	var r reach
	cmd := &cobra.Command{
		Use:     "stats",
		Short:   "Show what a node is doing and has done",
		Long:    "Show what a node is doing and has done: its mode, what it holds, the tasks that its\nscheduler runs and when each is due next, and counters since its start.",
		Example: "  kad stats\n  kad stats --json",
		Args:    arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := ask(a, cmd, &r, statsOperation, noArgs{})
			if err != nil {
				return err
			}
			return a.print(s, func(w io.Writer) { drawStats(w, s, time.Now()) })
		},
	}
	r.flags(cmd)
	return cmd
}

func drawStats(w io.Writer, s kadmium.Stats, now time.Time) {
	role := "client"
	if s.Serves {
		role = "server"
	}
	fmt.Fprintf(w, "%s\nnetwork %s, mode %s (now a %s), up %s\n", s.Peer, s.Network, s.Mode, role, brief(now.Sub(s.Started)))
	for _, addr := range s.Addresses {
		fmt.Fprintf(w, "  %s\n", addr)
	}
	fmt.Fprintf(w, "%s in the table; holds %s and %s; publishes %s\n\n",
		count(s.Peers, "contact"), count(s.Records, "record"), count(s.Providers, "provider"), count(s.Published, "key"))
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "task\tevery\tjitter\truns\tdue")
	for _, t := range s.Tasks {
		due := "when there is work"
		if !t.Due.IsZero() {
			due = "in " + brief(max(0, t.Due.Sub(now)))
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%d\t%s\n", t.Name, interval(t.Interval), interval(t.Jitter), t.Runs, due)
	}
	tw.Flush()
	fmt.Fprintln(w)
	drawFigures(w, "now", s.Gauges)
	drawFigures(w, "since start", s.Counters)
	drawTraffic(w, "in", s.Wire.In)
	drawTraffic(w, "out", s.Wire.Out)
	drawFigures(w, "dropped", s.Wire.Dropped)
}

// drawFigures lists the figures that are not zero.
func drawFigures[N int | uint64](w io.Writer, title string, figures map[string]N) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, name := range slices.Sorted(maps.Keys(figures)) {
		if n := figures[name]; n != 0 {
			fmt.Fprintf(tw, "%s  %s\t%d\n", title, name, n)
		}
	}
	tw.Flush()
}

func drawTraffic(w io.Writer, title string, traffic map[string]transport.Traffic) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, kind := range slices.Sorted(maps.Keys(traffic)) {
		if t := traffic[kind]; t.Datagrams != 0 {
			fmt.Fprintf(tw, "%s  %s\t%s\t%s\n", title, kind, count(int(t.Datagrams), "datagram"), count(int(t.Bytes), "byte"))
		}
	}
	tw.Flush()
}

// interval is a scheduler's duration; none is drawn as a dash.
func interval(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return short(d)
}
