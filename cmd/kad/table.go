package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/api"
	"kadmium/internal/cli"
	"kadmium/sim/report"
)

func (a *app) tableCommand() *cobra.Command {
	var choice nodeChoice
	cmd := &cobra.Command{
		Use:     "table",
		Short:   "Draw the routing table",
		Long:    "Draw the routing table: a bucket for each length of the prefix shared with this node,\nits contacts least recently seen first, each with the short form of its ID, which commands\ntake too, its address and its round trip time. A contact that did not answer the last\nrequest is failing.",
		Example: "  kad table\n  kad table --json",
		Args:    cli.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			t, err := runOperation(a, cmd, &choice, func(ctx context.Context, c *api.Client, o api.Call) (kadmium.Table, error) {
				return c.Table(ctx, o)
			})
			if err != nil {
				return err
			}
			return a.printLines(t, func(w io.Writer) { drawTable(w, t, time.Now()) })
		},
	}
	choice.flags(cmd)
	return cmd
}

// failingOf says how many contacts are failing, if any are.
func failingOf(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %d of them failing", n)
}

func drawTable(w io.Writer, t kadmium.Table, now time.Time) {
	failing := 0
	for _, b := range t.Buckets {
		for _, c := range b.Contacts {
			if c.Failing {
				failing++
			}
		}
	}
	fmt.Fprintf(w, "%s: %s%s\n", t.Self, report.Count(t.Size, "contact"), failingOf(failing))
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, b := range t.Buckets {
		tw.Flush() // each bucket has widths of its own
		fmt.Fprintf(w, "prefix %d: %s\n", b.Prefix, report.Count(len(b.Contacts), "contact"))
		for _, c := range b.Contacts {
			rtt, trouble := "-", ""
			if c.RTT > 0 {
				rtt = brief(c.RTT)
			}
			if c.Failing {
				trouble = ", failing"
			}
			if c.Failures > 0 {
				trouble += " (" + report.Count(c.Failures, "failure") + ")"
			}
			fmt.Fprintf(tw, "  %s\t%s\t%s\tseen %s ago%s\n", c.Peer.Short(), c.Address.Endpoint, rtt, brief(now.Sub(c.LastSeen)), trouble)
		}
	}
	tw.Flush()
}
