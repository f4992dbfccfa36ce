package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/api"
	"kadmium/internal/cli"
	"kadmium/sim/report"
	"kadmium/transport"
)

func (a *app) statsCommand() *cobra.Command {
	var choice nodeChoice
	cmd := &cobra.Command{
		Use:     "stats",
		Short:   "Show what a node is doing and has done",
		Long:    "Show what a node is doing and has done: its mode, what it holds, the tasks that its\nscheduler runs and when each is due next, and counters since its start.",
		Example: "  kad stats\n  kad stats --json",
		Args:    cli.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := runOperation(a, cmd, &choice, func(ctx context.Context, c *api.Client, o api.Call) (kadmium.Stats, error) {
				return c.Stats(ctx, o)
			})
			if err != nil {
				return err
			}
			return a.printLines(s, func(w io.Writer) { a.drawStats(w, s, time.Now()) })
		},
	}
	choice.flags(cmd)
	return cmd
}

func (a *app) drawStats(w io.Writer, s kadmium.Stats, now time.Time) {
	role := "client"
	if s.Serves {
		role = "server"
	}
	fmt.Fprintf(w, "%s\nnetwork %s, mode %s (now a %s), up %s\n", s.Peer, s.Network, s.Mode, role, brief(now.Sub(s.Started)))
	for _, addr := range s.Addresses {
		fmt.Fprintf(w, "  %s\n", a.shown(addr, len("  ")))
	}
	failing := s.Gauges["contacts.failing"]
	fmt.Fprintf(w, "%s in the table%s; holds %s and %s; publishes %s\n\n", report.Count(s.Peers+failing, "contact"), failingOf(failing),
		report.Count(s.Records, "record"), report.Count(s.Providers, "provider"), report.Count(s.Published, "key"))
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
	var all figures
	figuresOf(&all, "now", s.Gauges)
	figuresOf(&all, "since start", s.Counters)
	trafficOf(&all, "received", s.Wire.In)
	trafficOf(&all, "sent", s.Wire.Out)
	figuresOf(&all, "dropped", s.Wire.Dropped)
	all.draw(w)
}

// figures are the rows of the last block. Rows with the same title are adjacent.
type figures []struct{ title, name, figure string }

func (f *figures) add(title, name, figure string) {
	*f = append(*f, struct{ title, name, figure string }{title, name, figure})
}

// draw writes each title once and aligns the columns.
func (f figures) draw(w io.Writer) {
	var titles, names int // widths
	for _, row := range f {
		titles, names = max(titles, len(row.title)), max(names, len(row.name))
	}
	last := ""
	for _, row := range f {
		title := row.title
		if title == last {
			title = ""
		} else if last != "" {
			fmt.Fprintln(w)
		}
		last = row.title
		fmt.Fprintf(w, "%-*s  %-*s  %s\n", titles, title, names, row.name, row.figure)
	}
}

// figuresOf adds the figures that are not zero.
func figuresOf[N int | uint64](all *figures, title string, figures map[string]N) {
	for _, name := range slices.Sorted(maps.Keys(figures)) {
		if n := figures[name]; n != 0 {
			all.add(title, name, strconv.FormatUint(uint64(n), 10))
		}
	}
}

func trafficOf(all *figures, title string, traffic map[string]transport.Traffic) {
	for _, kind := range slices.Sorted(maps.Keys(traffic)) {
		if t := traffic[kind]; t.Datagrams != 0 {
			all.add(title, kind, report.Count(int(t.Datagrams), "datagram")+", "+report.Count(int(t.Bytes), "byte"))
		}
	}
}

// interval is the duration of a task; 0 is drawn as a dash.
func interval(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return api.Short(d)
}
