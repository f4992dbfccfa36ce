package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"kadmium/internal/cli"
	"kadmium/sim"
	"kadmium/sim/picture"
	"kadmium/sim/report"
	"kadmium/sim/sweep"
)

// plotsOf are the pictures that --plot asks for, checked before anything is run.
func plotsOf(texts []string, out string, configs []sim.Config) ([]sweep.Plot, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	if out == "" {
		return nil, cli.BadInput("name a directory with --out", "--plot %s: there is no directory to draw into", texts[0])
	}
	var plots []sweep.Plot
	for _, text := range texts {
		p, err := sweep.ParsePlot(text)
		if err != nil {
			return nil, cli.BadInput("write METRIC:X, as hops.mean:nodes, or METRIC:X:LINE:PANEL, or heat:METRIC:X:Y", "--plot: %v", err)
		}
		plots = append(plots, p)
	}
	if err := sweep.CheckPlots(plots, configs); err != nil {
		return nil, cli.BadInput("choose from what there is, and give flags several values, as --alpha 1,3,10", "--plot: %v", err)
	}
	return plots, nil
}

// drawSweep draws the pictures that were chosen or, without a choice, the usual ones of the
// sweep and those of its configurations.
func drawSweep(results *sweep.Results, out string, plots []sweep.Plot) (files []string, err error) {
	if len(plots) > 0 {
		return picture.DrawSweep(out, results, plots)
	}
	if files, err = picture.DrawSweep(out, results, results.UsualPlots()); err != nil {
		return files, err
	}
	drawn := firstOfEach(results)
	if len(drawn) > maxDrawn {
		return files, nil
	}
	more, err := picture.Draw(out, drawn)
	return append(files, more...), err
}

// maxDrawn bounds the configurations of a sweep that pictures are drawn of: each has some
// ten of them.
const maxDrawn = 8

// firstOfEach are the reports of the first seed of each configuration.
func firstOfEach(results *sweep.Results) (reports []*report.Report) {
	for _, g := range results.Groups() {
		reports = append(reports, g.Runs[0].Report)
	}
	return reports
}

// completesPlots lets shells complete the parts of --plot.
func completesPlots(cmd *cobra.Command) {
	err := cmd.RegisterFlagCompletionFunc("plot", func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndex(typed, ":")+1]
		var names []string
		if before == "" || before == "heat:" {
			for _, metric := range sim.Metrics() {
				names = append(names, before+metric+":")
			}
			if before == "" {
				names = append(names, "heat:")
			}
			return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		}
		base := sim.Defaults()
		for _, s := range base.Settings() {
			if s.Name != "seed" {
				names = append(names, before+s.Name)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
	if err != nil {
		panic(fmt.Sprintf("completing --plot: %v", err)) // no such flag, or twice
	}
}
