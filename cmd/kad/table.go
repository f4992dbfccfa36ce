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
	"kadmium/sim/report"
)

func (a *app) tableCommand() *cobra.Command {
	var choice nodeChoice
	cmd := &cobra.Command{
		Use:     "table",
		Short:   "Draw the routing table",
		Long:    "Draw the routing table: a bucket for each length of the prefix shared with this node,\nits contacts least recently seen first. A contact that did not answer the last request is\nfailing.",
		Example: "  kad table\n  kad table --json",
		Args:    arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			t, err := runOperation(a, cmd, &choice, func(ctx context.Context, c *api.Client, o api.Call) (kadmium.Table, error) {
				return c.Table(ctx, o)
			})
			if err != nil {
				return err
			}
			return a.print(t, func(w io.Writer) { drawTable(w, t, time.Now()) })
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
		fmt.Fprintf(tw, "prefix %d\t%s\n", b.Prefix, report.Count(len(b.Contacts), "contact"))
		for _, c := range b.Contacts {
			trouble := ""
			if c.Failing {
				trouble = ", failing"
			}
			if c.Failures > 0 {
				trouble += " (" + report.Count(c.Failures, "failure") + ")"
			}
			fmt.Fprintf(tw, "\t%s  seen %s ago%s\n", c.Address, brief(now.Sub(c.LastSeen)), trouble)
		}
	}
	tw.Flush()
}
