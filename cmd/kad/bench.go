package main

import (
	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/cmd/kad/bench"
	"kadmium/internal/cli"
	"kadmium/sim/report"
)

// benchNetwork is the name of the network that the bench makes: it never meets another.
const benchNetwork = "kad bench"

func (a *app) benchCommand() *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure lookups on real sockets",
		Long: `Measure lookups on real sockets: hops, rounds, requests, latency, bytes. It starts
--nodes nodes on 127.0.0.1, waits until all have joined, and runs --lookups lookups one
after the other. The workloads:

  find     look up --targets: random positions, or where nodes stand
  value    put a value at one node, get it from another; the get is measured
  provide  have one node provide a key, find it from another; the search is measured
  mixed    a third of each, in turn

With --bootstrap a few clients run the workload in a live network. Nobody knows all its
nodes: recall and the hops to the first replica stay empty, a find succeeds if it brings
peers, and nodes, tables and traffic are those of the clients.

With --merge it measures nothing: it makes one report of those that several such clients
wrote with --json, beside each other and with the same flags.

--nodes, --lookups, --k, --alpha, --seed, --workload, --targets and --ttl take several
values, as --alpha 1,3 or --seed 1..5. All combinations are measured, one after the other; a
table shows means over seeds, with 95 % intervals from 5 seeds on. --out DIR keeps the
reports, a table of all figures (results.csv) and a manifest, and draws pictures; of several
runs those that are there already are not measured again.

Interrupted, it reports what it has measured, as partial, and exits with 1.`,
		Example: `  kad bench
  kad bench --nodes 300 --workload mixed --json
  kad bench --alpha 1,3 --seed 1..5 --out results
  kad bench --bootstrap 127.0.0.1:4100 --lookups 100
  kad bench --merge a.json b.json c.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.merge {
				return atLeastTwoReports(cmd, args)
			}
			return cli.Arguments()(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.merge {
				if err := cli.OnlyReads(cmd, "merge", "out"); err != nil {
					return err
				}
				if err := cli.MakeOut(f.out); err != nil {
					return err
				}
				return a.mergeReports(args, f.out)
			}
			configs, err := benchConfigs(cmd, &f)
			if err != nil {
				return err
			}
			if err := cli.MakeOut(f.out); err != nil {
				return err
			}
			if len(configs) > 1 {
				return a.benchSeveral(cmd.Context(), configs, f.out)
			}
			return a.benchOne(cmd.Context(), configs[0], f.out)
		},
	}
	f.define(cmd)
	return cmd
}

// checkBench refuses flags that contradict each other, and completes the Config.
func checkBench(cmd *cobra.Command, cfg *bench.Config) error {
	finds := cfg.Workload != report.WorkloadValue && cfg.Workload != report.WorkloadProvide
	stores := cfg.Workload != report.WorkloadFind && cfg.Workload != report.WorkloadProvide
	switch nodes := cli.Typed(cmd, "nodes"); {
	case cfg.Workload == report.WorkloadDay:
		return cli.BadInput("use the simulator: kad sim --workload day", "--workload day takes a day: here time is real")
	case nodes && cli.Typed(cmd, "bootstrap"):
		return cli.BadInput("choose one of them", "--nodes starts a network, --bootstrap measures one that is there")
	case nodes:
		cfg.Bootstrap = nil // a typed flag takes precedence over the environment
	}
	switch {
	case !finds && cli.Typed(cmd, "targets"):
		return cli.BadInput("leave it out, or choose --workload find or mixed", "--targets is for lookups of targets: --workload %s looks for its own keys", cfg.Workload)
	case !stores && cli.Typed(cmd, "ttl"):
		return cli.BadInput("leave it out, or choose --workload value or mixed", "--ttl is for values: --workload %s stores none", cfg.Workload)
	}
	if cfg.Network == "" {
		cfg.Network = benchNetwork
		if len(cfg.Bootstrap) > 0 {
			cfg.Network = kadmium.DefaultNetwork
		}
	}
	var err error
	if cfg.Listen, err = listenFor(cfg.Bootstrap); err != nil {
		return err
	}
	return cfg.Check()
}
