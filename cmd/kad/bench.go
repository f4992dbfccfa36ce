package main

import (
	"errors"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/cmd/kad/bench"
	"kadmium/internal/cli"
	"kadmium/sim/report"
)

// benchNetwork is the name of the network that the bench makes: it never meets another.
const benchNetwork = "kad bench"

func (a *app) benchCommand() *cobra.Command {
	var cfg bench.Config
	var out string
	var merge bool
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

Interrupted, it reports what it has measured, as partial, and exits with 1.`,
		Example: `  kad bench
  kad bench --nodes 300 --workload mixed --json
  kad bench --bootstrap 127.0.0.1:4100 --lookups 100
  kad bench --merge a.json b.json c.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if merge {
				return atLeastTwoReports(cmd, args)
			}
			return cli.Arguments()(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if merge {
				if err := cli.OnlyReads(cmd, "merge", "out"); err != nil {
					return err
				}
				if err := cli.MakeOut(out); err != nil {
					return err
				}
				return a.mergeReports(args, out)
			}
			if err := a.checkBench(cmd, &cfg); err != nil {
				return err
			}
			if err := cli.MakeOut(out); err != nil {
				return err
			}
			bar := a.NewBar("bench")
			cfg.Progress = bar.Update
			r, err := bench.Run(cmd.Context(), cfg)
			bar.End()
			if errors.Is(err, kadmium.ErrNoAnswer) {
				return noAnswer(cfg.Bootstrap, err)
			}
			if err != nil {
				return err
			}
			return a.PrintReport(r, out)
		},
	}
	f := cmd.Flags()
	f.IntVar(&cfg.Nodes, "nodes", 100, "nodes to start, each with a socket of its own")
	f.IntVar(&cfg.Lookups, "lookups", 1000, "lookups to measure")
	f.IntVar(&cfg.K, "k", kadmium.DefaultK, "size of a bucket, and number of nodes that hold a value; the same in all of a network")
	f.IntVar(&cfg.Alpha, "alpha", kadmium.DefaultAlpha, "requests that a lookup keeps in flight")
	f.Uint64Var(&cfg.Seed, "seed", 1, "of what is random: keys, who looks, for what")
	f.StringVar(&cfg.Workload, "workload", report.WorkloadFind, "find, value, provide or mixed")
	f.StringVar(&cfg.Targets, "targets", report.TargetsRandom, "of find: random, or nodes")
	f.DurationVar(&cfg.TTL, "ttl", 0, "how long values live (default the network's, 24h)")
	f.StringSliceVar(&cfg.Bootstrap, "bootstrap", nil, "start no network: measure the live one that these addresses are in")
	f.StringVar(&out, "out", "", "directory for pictures")
	f.StringVar(&cfg.Network, "network", "", "name of the network (default "+kadmium.DefaultNetwork+" with --bootstrap, else one of the bench's own)")
	cli.Completes(cmd, "workload", report.WorkloadFind, report.WorkloadValue, report.WorkloadProvide, report.WorkloadMixed)
	cli.Completes(cmd, "targets", report.TargetsRandom, report.TargetsNodes)
	f.BoolVar(&merge, "merge", false, "measure nothing: make one report of those in the files A.json B.json ...")
	cli.CompletesDirectory(cmd, "out")
	return cmd
}

// checkBench refuses flags that contradict each other, and completes the Config.
func (a *app) checkBench(cmd *cobra.Command, cfg *bench.Config) error {
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
