package command

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kadmium/internal/cli"
	"kadmium/sim"
	"kadmium/sim/report"
	"kadmium/sim/sweep"
)

// mostShown is how many fields that differ are shown at a terminal.
const mostShown = 20

// A VerifyResult is `kad sim verify REPORT`.
type VerifyResult struct {
	Same    bool                     `json:"same"`
	Differs []report.FieldDifference `json:"differs"` // a is the report, b the run of now
	Changed []string                 `json:"changed"` // what the manifest beside the report says was another
}

func verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify REPORT",
		Short: "Run a report's simulation again and say whether it is the same",
		Long: `Run the simulation of a report of kad sim --json again, and say whether it is the same. All
must be, but machine and what theory says: the same flags give the same report on every
machine, with the same release. Exit code 1 means that it differs: the first 20 fields are
named with the value in the report, then the value of now; --json names all.`,
		Example: `  kad sim --nodes 10000 --json > a.json; kad sim verify a.json`,
		Args:    cli.Arguments("REPORT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			a := cli.Of(cmd)
			told, err := cli.ReadReport(args[0])
			if err != nil {
				return err
			}
			if told.Partial {
				return cli.BadInput("run it to its end first", "%s: an interrupted run, which cannot be repeated", args[0])
			}
			c, err := sim.ConfigOf(told)
			if err != nil {
				return cli.BadInput("run it where the rules and files that it names are", "%s: %v", args[0], err)
			}
			bar := a.NewBar(fmt.Sprintf("%d nodes", c.Nodes))
			r, err := sim.Run(cmd.Context(), c, bar.Update)
			bar.End()
			if err != nil {
				return err
			}
			if r.Partial {
				return cli.NotDone("run it again to the end", "interrupted: nothing can be said")
			}
			return printVerified(a, args[0], told, r)
		},
	}
}

// printVerified says in what a report differs from the run of now.
func printVerified(a *cli.App, path string, told, again *report.Report) error {
	result := VerifyResult{Differs: report.Differences(told, again), Changed: []string{}}
	result.Same = len(result.Differs) == 0
	if !result.Same {
		result.Changed = sweep.Changed(path)
	}
	err := a.Print(result, func(w io.Writer) {
		if result.Same {
			fmt.Fprintln(w, "the same; machine and theory are not compared")
			return
		}
		fmt.Fprintln(w, "not the same: field, in the report, now")
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		shown := result.Differs[:min(len(result.Differs), mostShown)]
		for _, d := range shown {
			fmt.Fprintf(tw, "  %s\t%s\t%s\n", d.Name, cmp.Or(d.A, "-"), cmp.Or(d.B, "-"))
		}
		tw.Flush()
		if more := len(result.Differs) - len(shown); more > 0 {
			fmt.Fprintf(w, "  and %d more: --json names all\n", more)
		}
		for _, what := range result.Changed {
			fmt.Fprintln(w, what)
		}
	})
	if err != nil || result.Same {
		return err
	}
	first := result.Differs[0]
	return &cli.Failure{Message: fmt.Sprintf("the report differs from what its flags give now, first in %s", first.Name),
		Next: "use the release that made it, and the same latency file", Code: cli.ExitNotDone, Printed: true}
}
