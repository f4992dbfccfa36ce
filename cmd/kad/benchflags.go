package main

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kadmium"
	"kadmium/cmd/kad/bench"
	"kadmium/internal/cli"
	"kadmium/sim"
	"kadmium/sim/command"
	"kadmium/sim/report"
	"kadmium/sim/sweep"
)

// A benchFlags is what `kad bench` takes.
type benchFlags struct {
	settings  map[string]*string // as they were typed: a value, or several
	bootstrap []string
	network   string
	out       string
	merge     bool
}

// A benchSetting is a flag of which each value is a measurement of its own.
type benchSetting struct {
	name, value, usage string
	set                func(*bench.Config, string) error
}

var benchSettings = []benchSetting{
	{"nodes", "100", "nodes to start, each with a socket of its own", wholeNumber(func(c *bench.Config) *int { return &c.Nodes })},
	{"lookups", "1000", "lookups to measure", wholeNumber(func(c *bench.Config) *int { return &c.Lookups })},
	{"k", strconv.Itoa(kadmium.DefaultK), "size of a bucket, and number of nodes that hold a value; the same in all of a network", wholeNumber(func(c *bench.Config) *int { return &c.K })},
	{"alpha", strconv.Itoa(kadmium.DefaultAlpha), "requests that a lookup keeps in flight", wholeNumber(func(c *bench.Config) *int { return &c.Alpha })},
	{"seed", "1", "of what is random: keys, who looks, for what", func(c *bench.Config, text string) (err error) {
		if c.Seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			return errors.New("want a whole number")
		}
		return nil
	}},
	{"workload", report.WorkloadFind, "find, value, provide or mixed", func(c *bench.Config, text string) error {
		c.Workload = text
		return nil
	}},
	{"targets", report.TargetsRandom, "of find: random, or nodes", func(c *bench.Config, text string) error {
		c.Targets = text
		return nil
	}},
	{"ttl", "", "how long values live (default the network's, 24h)", func(c *bench.Config, text string) (err error) {
		if c.TTL, err = time.ParseDuration(text); err != nil {
			return errors.New("want a time like 90s or 24h")
		}
		return nil
	}},
}

func wholeNumber(of func(*bench.Config) *int) func(*bench.Config, string) error {
	return func(c *bench.Config, text string) (err error) {
		if *of(c), err = strconv.Atoi(text); err != nil {
			return errors.New("want a whole number")
		}
		return nil
	}
}

// canonical is one text for values that are the same: 3 and 03, 1h and 60m.
func canonical(value string) string {
	if n, err := strconv.ParseUint(value, 10, 64); err == nil {
		return strconv.FormatUint(n, 10)
	}
	if d, err := time.ParseDuration(value); err == nil {
		return d.String()
	}
	return value
}

// define adds the flags to the command.
func (f *benchFlags) define(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.settings = make(map[string]*string)
	for _, s := range benchSettings {
		f.settings[s.name] = flags.String(s.name, s.value, s.usage)
	}
	flags.StringSliceVar(&f.bootstrap, "bootstrap", nil, "start no network: measure the live one that these addresses are in")
	flags.StringVar(&f.out, "out", "", "directory for reports, a table of figures and pictures")
	flags.StringVar(&f.network, "network", "", "name of the network (default "+kadmium.DefaultNetwork+" with --bootstrap, else one of the bench's own)")
	flags.BoolVar(&f.merge, "merge", false, "measure nothing: make one report of those in the files A.json B.json ...")
	cli.Completes(cmd, "workload", report.WorkloadFind, report.WorkloadValue, report.WorkloadProvide, report.WorkloadMixed)
	cli.Completes(cmd, "targets", report.TargetsRandom, report.TargetsNodes)
	cli.CompletesDirectory(cmd, "out")
}

// badPlanNext is what to do about sweep.ErrBadPlan.
func badPlanNext(err error) string {
	if errors.Is(err, sweep.ErrSame) {
		return command.SameNext
	}
	return "see: kad bench --help"
}

// A benchRun is a measurement, with the values of its flags.
type benchRun struct {
	cfg      bench.Config
	settings []sim.Setting
}

// benchConfigs are the measurements that the flags ask for, checked.
func benchConfigs(cmd *cobra.Command, f *benchFlags) ([]benchRun, error) {
	var axes []sweep.Axis
	for _, s := range benchSettings {
		text := *f.settings[s.name]
		if text == "" {
			continue
		}
		values, err := sweep.List(text)
		if err != nil {
			return nil, cli.BadInput("give a value, or several as 1,3,10 or 1..20", "--%s: %v", s.name, err)
		}
		for i := range values {
			values[i] = canonical(values[i])
		}
		axes = append(axes, sweep.Axis{Name: s.name, Values: values})
	}
	slices.SortStableFunc(axes, func(a, b sweep.Axis) int { // seeds vary fastest: runs that are repeats stand together
		return strings.Count(a.Name, "seed") - strings.Count(b.Name, "seed")
	})
	combinations, err := sweep.Combinations(axes)
	if err != nil {
		return nil, cli.BadInput(badPlanNext(err), "%v", err)
	}
	var all []benchRun
	for _, values := range combinations {
		run := benchRun{cfg: bench.Config{Bootstrap: f.bootstrap, Network: f.network}}
		for _, s := range benchSettings {
			of := sim.Setting{Name: s.name}
			if i := slices.IndexFunc(values, func(v sim.Setting) bool { return v.Name == s.name }); i >= 0 {
				of.Value = values[i].Value
				if err := s.set(&run.cfg, of.Value); err != nil {
					return nil, cli.BadInput("give a value, or several as 1,3,10 or 1..20", "--%s %q: %v", s.name, of.Value, err)
				}
			}
			run.settings = append(run.settings, of)
		}
		if err := checkBench(cmd, &run.cfg); err != nil {
			return nil, err
		}
		if len(run.cfg.Bootstrap) > 0 {
			run.settings[0].Value = "" // nodes are what is there
		}
		run.settings = append(run.settings, sim.Setting{Name: "bootstrap", Value: strings.Join(run.cfg.Bootstrap, ",")}, sim.Setting{Name: "network", Value: run.cfg.Network})
		all = append(all, run)
	}
	return all, nil
}
