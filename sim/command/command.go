// Package command is `kad sim` as a package: a program that registers rules of its own
// (sim.RegisterLookup, sim.RegisterTable) and calls Main has all its flags.
package command

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kadmium/internal/cli"
	"kadmium/sim"
	"kadmium/sim/attack"
	"kadmium/sim/report"
	"kadmium/sim/sweep"
)

// New is the command `sim`, to add to a command line. Rules must have been registered. It
// prints JSON if a command above it has a flag --json that is set.
func New() *cobra.Command {
	var f simFlags
	cmd := &cobra.Command{
		Use:   "sim",
		Short: "Simulate a network and measure its lookups",
		Long: `Simulate a network in virtual time and measure its lookups: hops, requests, rounds,
latency. The nodes are those of kad node, without their sockets. The same flags give the
same report, whatever the machine; what each figure means is in docs/report.md.

  --tables    ideal: buckets of random nodes of their range; join: every node joins
  --latency   const:RTT, exp:RTT (a mean), world, or file:PATH (a CSV matrix of ms)
  --sessions  none, exp:MEAN or weibull:SHAPE,SCALE (time up, and time away), or kad
  --workload  find: look up targets; value: put, then get from elsewhere;
              provide: provide, then look for providers; mixed: a third of each;
              day: what nodes do by themselves, with --keys looked for all along
  --attack    liars, mute, drip, pool, stale, sybil or eclipse, with parameters as in
              drip:share=0.1,delay=1s;
              docs/report.md: what each does, and what the report says of it
  --lookup    whose rule lookups follow; libp2p has alpha 10 of its own, discv5 k 16
  --table     whose policy routing tables follow; docs/rules.md: how to write others

Every flag with one value takes several, as --alpha 1,3,10 or --seed 1..20; values with
commas vary by --vary 'sessions=exp:1h|weibull:0.6,40m'. All combinations are run, several
at a time. --plan reads flags from a TOML file, as alpha = [1, 3]. --out DIR keeps the
reports, a table of all figures (results.csv) and a manifest there, and draws pictures; what
is there already is not run again. --lookups-out keeps a row for each lookup there, too.
--plot chooses the pictures of several runs:
  METRIC:X[:LINE[:PANEL]]    a metric against a flag, with a line a value of a second and a
                             panel a value of a third, and bands from 5 seeds on
  heat:METRIC:X:Y[:PANEL]    a heat map of two flags
Metrics are named as in results.csv: hops.mean, latency_ms.p50, succeeded.
--compare sets two reports (of --json, also those of kad bench) side by side. Of two
directories it compares the runs of the last plan: the mean over seeds of each figure, with
95 % intervals from 5 seeds on, and says which differences are more than chance, in pairs
of one seed from 6 on; DIR:alpha=3 names those runs in a directory that have a value.`,
		Example: `  kad sim --nodes 1000000
  kad sim --nodes 1000,10000,100000 --out results
  kad sim --alpha 1,3,10 --k 8,20 --loss 0,0.05 --seed 1..20 --out results
  kad sim --nodes 100,1000 --lookups 100 --alpha 1,3 --seed 1..5 --out results --plot latency_ms.p50:nodes:alpha
  kad sim --workload day --sessions kad --duration 24h --keys 10000 --ttl 48h
  kad sim --alpha 3 --json > a.json; kad sim --alpha 10 --json > b.json
  kad sim --attack pool:share=0.05,subnets=100000 --lookup plain
  kad sim --attack sybil:n=45,place=near --workload value
  kad sim --attack eclipse:subnets=50 --lookups 50
  kad sim --attack stale --workload value --gets fresh
  kad sim --compare a.json b.json
  kad sim --compare alpha3 alpha10
  kad sim --compare results:alpha=1 results:alpha=3
  kad sim --lookup libp2p`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.compare {
				return cli.Arguments("A.json", "B.json")(cmd, args)
			}
			return cli.Arguments()(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			a := cli.Of(cmd)
			if f.compare {
				if err := cli.OnlyReads(cmd, "compare"); err != nil {
					return err
				}
				return compare(a, args[0], args[1])
			}
			configs, err := f.configs(func(flag string) bool { return cli.Typed(cmd, flag) }, cmd.Flags().Changed)
			if err != nil {
				return err
			}
			if f.lookups && f.out == "" {
				return cli.BadInput("say where with --out DIR", "--lookups-out has no directory for %s", sweep.LookupsFile)
			}
			plots, err := plotsOf(f.plots, f.out, configs)
			if err != nil {
				return err
			}
			if err := cli.MakeOut(f.out); err != nil {
				return err
			}
			return simulate(a, cmd.Context(), configs, f.out, f.lookups, plots)
		},
	}
	if !slices.Contains(sim.LookupNames(), "libp2p") { // the program has no rules but its own
		cmd.Long = strings.Replace(cmd.Long, "; libp2p has alpha 10 of its own, discv5 k 16", "", 1)
		cmd.Example = strings.Replace(cmd.Example, "\n  kad sim --lookup libp2p", "", 1)
	}
	f.define(cmd)
	cli.Completes(cmd, "tables", report.TablesIdeal, report.TablesJoin)
	cli.Completes(cmd, "latency", "const:", "exp:", "world", "file:")
	cli.Completes(cmd, "attack", attack.Kinds()...)
	cli.Completes(cmd, "gets", report.GetsFirst, report.GetsQuorum, report.GetsFresh)
	cli.Completes(cmd, "sessions", "none", "exp:", "weibull:", "kad")
	cli.Completes(cmd, "workload", report.WorkloadFind, report.WorkloadValue, report.WorkloadProvide, report.WorkloadMixed, report.WorkloadDay)
	cli.Completes(cmd, "lookup", sim.LookupNames()...)
	cli.Completes(cmd, "table", sim.TableNames()...)
	cli.Completes(cmd, "targets", report.TargetsRandom, report.TargetsNodes)
	cli.Completes(cmd, "trace-of", report.TraceTypical, report.TraceWorst)
	cli.CompletesDirectory(cmd, "out")
	completesPlots(cmd)
	cmd.AddCommand(verifyCommand())
	return cmd
}
