package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	_ "kadmium/examples/rules/discv5"
	_ "kadmium/examples/rules/libp2p"
	_ "kadmium/examples/rules/sample"
	_ "kadmium/examples/rules/strictrounds"
	"kadmium/sim"
	"kadmium/sim/report"
)

// A simFlags is what `kad sim` takes, as it was typed.
type simFlags struct {
	nodes             string
	latency, sessions string
	out               string
	compare           bool
	sim.Config
}

func (a *app) simCommand() *cobra.Command {
	f := simFlags{Config: sim.Defaults()}
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
  --lookup    whose rule lookups follow; libp2p has alpha 10 of its own, discv5 k 16
  --table     whose policy routing tables follow; docs/rules.md: how to write others

With several numbers of nodes each is simulated in turn. --out draws pictures.
--compare sets two reports (of --json, also those of kad bench) side by side, and says
which differences exceed the noise.`,
		Example: `  kad sim --nodes 1000000
  kad sim --nodes 1000,10000,100000 --out pictures
  kad sim --workload day --sessions kad --duration 24h --keys 10000 --ttl 48h
  kad sim --alpha 3 --json > a.json; kad sim --alpha 10 --json > b.json
  kad sim --compare a.json b.json
  kad sim --lookup libp2p`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.compare {
				return arguments("A.json", "B.json")(cmd, args)
			}
			return arguments()(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.compare {
				if err := a.onlyReads(cmd, "compare"); err != nil {
					return err
				}
				return a.compareReports(args[0], args[1])
			}
			f.own(a.typed(cmd, "k"), a.typed(cmd, "alpha"))
			configs, err := f.configs(a.typed(cmd, "targets"))
			if err != nil {
				return err
			}
			if err := makeOut(f.out); err != nil {
				return err
			}
			return a.simulate(cmd.Context(), configs, f.out)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.nodes, "nodes", "10000", "nodes that are up, on average; several, separated by commas, for a sweep")
	flags.IntVar(&f.Lookups, "lookups", f.Lookups, "lookups of the workload")
	flags.IntVar(&f.K, "k", f.K, "contacts in a bucket and an answer, holders of a value")
	flags.IntVar(&f.Alpha, "alpha", f.Alpha, "requests in flight in a lookup")
	flags.Uint64Var(&f.Seed, "seed", f.Seed, "of all that is random")
	flags.StringVar(&f.Tables, "tables", f.Tables, "ideal or join")
	flags.StringVar(&f.latency, "latency", f.Latency.String(), "const:RTT, exp:RTT, world or file:PATH")
	flags.Float64Var(&f.Loss, "loss", 0, "share of datagrams lost")
	flags.Float64Var(&f.Duplicate, "duplicate", 0, "share of datagrams that arrive twice")
	flags.StringVar(&f.sessions, "sessions", "none", "none, exp:MEAN, weibull:SHAPE,SCALE or kad")
	flags.Float64Var(&f.Client, "client", 0, "share of nodes that are clients behind a NAT")
	flags.Float64Var(&f.Silent, "silent", 0, "share of nodes that never answer")
	flags.Float64Var(&f.Lying, "lying", 0, "share of nodes that name only each other, and keep nothing")
	flags.StringVar(&f.Workload, "workload", f.Workload, "find, value, provide, mixed or day")
	flags.StringVar(&f.Targets, "targets", f.Targets, "of lookups of targets: random, or nodes (where one stands)")
	flags.DurationVar(&f.Duration, "duration", 0, "of the workload (default 24h for day, 1h with sessions, else as lookups take)")
	flags.IntVar(&f.Keys, "keys", 0, "of day: keys published at the start, once")
	flags.DurationVar(&f.TTL, "ttl", 0, "lifetime of what is stored (default 24h)")
	flags.StringVar(&f.Lookup, "lookup", sim.RuleKadmium, "rule of lookups: "+strings.Join(sim.LookupNames(), ", "))
	flags.StringVar(&f.Table, "table", sim.RuleKadmium, "policy of routing tables: "+strings.Join(sim.TableNames(), ", "))
	flags.StringVar(&f.out, "out", "", "directory for pictures")
	flags.BoolVar(&f.compare, "compare", false, "compare two reports, A.json and B.json")
	completes(cmd, "tables", report.TablesIdeal, report.TablesJoin)
	completes(cmd, "latency", "const:", "exp:", "world", "file:")
	completes(cmd, "sessions", "none", "exp:", "weibull:", "kad")
	completes(cmd, "workload", report.WorkloadFind, report.WorkloadValue, report.WorkloadProvide, report.WorkloadMixed, report.WorkloadDay)
	completes(cmd, "lookup", sim.LookupNames()...)
	completes(cmd, "table", sim.TableNames()...)
	completes(cmd, "targets", report.TargetsRandom, report.TargetsNodes)
	completesDirectory(cmd, "out")
	return cmd
}

// own has a lookup rule use the k and alpha that it has of its own, unless they were typed.
func (f *simFlags) own(k, alpha bool) {
	ownK, ownAlpha := sim.OwnParameters(f.Lookup)
	if !k {
		f.K = ownK
	}
	if !alpha {
		f.Alpha = ownAlpha
	}
}

// configs are the simulations that the flags ask for, checked. targets: --targets was
// typed, so the workload must use it.
func (f *simFlags) configs(targets bool) ([]sim.Config, error) {
	if targets && (f.Workload == report.WorkloadValue || f.Workload == report.WorkloadProvide) {
		return nil, badInput("leave it out, or choose --workload find, mixed or day", "--targets is for lookups of targets: --workload %s looks for its own keys", f.Workload)
	}
	var err error
	if f.Latency, err = sim.ParseLatency(f.latency); err != nil && !errors.Is(err, sim.ErrBadConfig) {
		return nil, badInput("name a CSV file: a square matrix of round trip times in milliseconds", "--latency: %v", err)
	} else if err != nil {
		return nil, err
	}
	if f.Sessions, err = sim.ParseSessions(f.sessions); err != nil {
		return nil, err
	}
	var configs []sim.Config
	for _, text := range strings.Split(f.nodes, ",") {
		c := f.Config
		if c.Nodes, err = strconv.Atoi(strings.TrimSpace(text)); err != nil {
			return nil, badInput("give a number, or several like 1000,10000", "--nodes: %q is no number of nodes", text)
		}
		if err := c.Check(); err != nil {
			return nil, err
		}
		configs = append(configs, c)
	}
	return configs, nil
}

// simulate runs simulations one after the other and prints their reports, one as one
// object, several as a sweep. When the context ends it prints what there is.
func (a *app) simulate(ctx context.Context, configs []sim.Config, out string) error {
	var reports []*report.Report
	for _, c := range configs {
		bar := a.newBar(fmt.Sprintf("%d nodes", c.Nodes))
		r, err := sim.Run(ctx, c, bar.update)
		bar.end()
		if err != nil {
			return err
		}
		if r.Theory, err = sim.Expected(c); err != nil {
			return err
		}
		if reports = append(reports, r); r.Partial {
			break
		}
	}
	return a.printReports(reports, len(configs) > 1, out)
}

// onlyReads refuses flags of a measurement beside one that only reads reports, except
// those that go with it.
func (a *app) onlyReads(cmd *cobra.Command, reads string, goWith ...string) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Name != reads && f.Name != "json" && !slices.Contains(goWith, f.Name) && a.typed(cmd, f.Name) {
			err = badInput("leave one of them out", "--%s is for a measurement, and --%s makes none", f.Name, reads)
		}
	})
	return err
}

// compareReports sets two reports side by side.
func (a *app) compareReports(pathA, pathB string) error {
	one, err := readReport(pathA)
	if err != nil {
		return err
	}
	other, err := readReport(pathB)
	if err != nil {
		return err
	}
	c := report.Compare(one, other)
	return a.print(c, func(w io.Writer) { _ = c.Write(w) })
}

// reportNext says which files are reports.
const reportNext = "name a file that kad sim --json or kad bench --json wrote"

func readReport(path string) (*report.Report, error) {
	text, err := readReportText(path)
	if err != nil {
		return nil, err
	}
	r, err := report.Read(bytes.NewReader(text))
	if err != nil {
		return nil, badInput(reportNext, "%s: %v", path, err)
	}
	return r, nil
}

// readReportText reads a file, up to what a report may have and a byte more.
func readReportText(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", path)
	}
	if err != nil {
		return nil, badInput(reportNext, "%v", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, badInput(reportNext, "%v", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, report.MaxSize+1))
	if err != nil {
		return nil, badInput(reportNext, "%s: %v", path, err)
	}
	return text, nil
}
