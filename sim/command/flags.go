package command

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/cobra"

	"kadmium/internal/cli"
	"kadmium/sim"
	"kadmium/sim/attack"
	"kadmium/sim/report"
	"kadmium/sim/sweep"
)

// A simFlags is what `kad sim` takes, as it was typed.
type simFlags struct {
	settings map[string]*string
	vary     []string
	plan     string
	out      string
	plots    []string
	lookups  bool
	compare  bool
}

// simUsages say what the settings of a simulation are.
var simUsages = map[string]string{
	"trace-of":  "lookup whose trace is drawn: typical, worst (most hops, then time) or its number",
	"nodes":     "nodes that are up, on average",
	"lookups":   "lookups of the workload",
	"k":         "contacts in a bucket and an answer, holders of a value",
	"alpha":     "requests in flight in a lookup",
	"seed":      "of all that is random",
	"tables":    "ideal or join",
	"latency":   "const:RTT, exp:RTT, world or file:PATH",
	"loss":      "share of datagrams lost",
	"duplicate": "share of datagrams that arrive twice",
	"sessions":  "none, exp:MEAN, weibull:SHAPE,SCALE or kad",
	"client":    "share of nodes that are clients behind a NAT",
	"silent":    "share of nodes that never answer",
	"lying":     "share of nodes that name only each other, and keep nothing",
	"attack":    "attack, KIND or KIND:name=value,...; may be repeated: ",
	"subnets":   "/24s that the nodes share (default: each node has its own)",
	"workload":  "find, value, provide, mixed or day",
	"targets":   "of lookups of targets: random, or nodes (where one stands)",
	"duration":  "of the workload (default 24h for day, 1h with sessions, else as lookups take)",
	"keys":      "of day: keys published at the start, once",
	"ttl":       "lifetime of what is stored (default 24h)",
	"gets":      "when gets of values end: first (record; the default), quorum (as nodes do; the default under attack) or fresh",
	"lookup":    "rule of lookups",
	"table":     "policy of routing tables",
}

// ofOneValue are the settings whose values may hold commas: they vary by --vary.
var ofOneValue = []string{"latency", "sessions", "attack"}

// define adds the flags to the command.
func (f *simFlags) define(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.settings = make(map[string]*string)
	base := sim.Defaults()
	for _, s := range base.Settings() {
		value := s.Value
		switch value { // what help would show as a default, and is none
		case "0", "0s":
			value = ""
		}
		usage := simUsages[s.Name]
		switch s.Name {
		case "lookup":
			usage += ": " + strings.Join(sim.LookupNames(), ", ")
		case "table":
			usage += ": " + strings.Join(sim.TableNames(), ", ")
		case "attack":
			f.settings[s.Name] = new(string)
			flags.Var(attacks{f.settings[s.Name]}, s.Name, usage+strings.Join(attack.Kinds(), ", "))
			continue
		}
		f.settings[s.Name] = flags.String(s.Name, value, usage)
	}
	flags.StringArrayVar(&f.vary, "vary", nil, "a flag whose values hold commas, and the values: 'latency=world|exp:80ms'")
	flags.StringVar(&f.plan, "plan", "", "TOML file of flags and their values, which flags that are typed override")
	flags.StringVar(&f.out, "out", "", "directory for reports, a table of figures and pictures")
	flags.BoolVar(&f.lookups, "lookups-out", false, "a row for each lookup in --out: "+sweep.LookupsFile)
	flags.StringArrayVar(&f.plots, "plot", nil, "a picture for --out: METRIC:X[:LINE[:PANEL]] or heat:METRIC:X:Y")
	flags.BoolVar(&f.compare, "compare", false, "compare two reports, A.json and B.json, or two directories of them")
}

// maxPlanFile bounds a file of --plan, in bytes.
const maxPlanFile = 1 << 20

// readPlan reads the values of flags from a TOML file.
func readPlan(path string) (map[string][]string, error) {
	const next = "write one flag a line, as alpha = [1, 3, 10] or seed = \"1..20\""
	info, err := os.Stat(path)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxPlanFile) {
		err = fmt.Errorf("%s is no regular file of at most %d MiB", path, maxPlanFile>>20)
	}
	if err != nil {
		return nil, cli.BadInput("name a TOML file", "--plan: %v", err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, cli.BadInput("name a TOML file", "--plan: %v", err)
	}
	var raw map[string]any
	if err := toml.Unmarshal(text, &raw); err != nil {
		return nil, cli.BadInput(next, "--plan %s: %v", path, err)
	}
	plan := make(map[string][]string)
	for name, value := range raw {
		if simUsages[name] == "" {
			return nil, cli.BadInput("see: kad sim --help", "--plan %s: there is no flag --%s", path, name)
		}
		list, isList := value.([]any)
		if !isList {
			list = []any{value}
		}
		for _, v := range list {
			switch v := v.(type) {
			case string, int64, float64:
				values, err := valuesOf(name, fmt.Sprint(v), true)
				if err != nil {
					return nil, err
				}
				plan[name] = append(plan[name], values...)
			default:
				return nil, cli.BadInput(next, "--plan %s: %s = %v is neither text nor a number", path, name, v)
			}
		}
		if len(list) == 0 {
			return nil, cli.BadInput(next, "--plan %s: %s has no value", path, name)
		}
	}
	return plan, nil
}

// valuesOf are the values that a text has for a flag, typed or in a plan.
func valuesOf(name, text string, inPlan bool) ([]string, error) {
	if slices.Contains(ofOneValue, name) {
		if several := severalOf(name, text); several != nil {
			next := fmt.Sprintf("write --vary %s='%s'", name, strings.Join(several, "|"))
			if inPlan {
				next = fmt.Sprintf(`write %s = ["%s"]`, name, strings.Join(several, `", "`))
			}
			return nil, cli.BadInput(next, "--%s %s: that is one value, as values of it may hold commas", name, text)
		}
		return []string{strings.TrimSpace(text)}, nil
	}
	values, err := sweep.List(text)
	if err != nil {
		return nil, cli.BadInput("give a value, or several as 1,3,10 or 1..20", "--%s: %v", name, err)
	}
	return values, nil
}

// SameNext is what to do about sweep.ErrSame.
const SameNext = "give each value once"

// severalOf are the values in a text that a flag of one value was given, separated by
// commas. It is nil if the text is a value, or they are none.
func severalOf(name, text string) []string {
	c := sim.Defaults()
	if !strings.Contains(text, ",") || c.Set(name, text) == nil {
		return nil
	}
	values := strings.Split(betweenValues.ReplaceAllString(text, "|$1"), "|")
	for _, v := range values {
		if len(values) == 1 || c.Set(name, v) != nil {
			return nil
		}
	}
	return values
}

// betweenValues is where another value of a flag begins that may hold commas: a word follows
// the comma, and no number.
var betweenValues = regexp.MustCompile(`, *([a-z])`)

// configs are the simulations that the flags ask for, checked. typed reports whether a flag
// was typed, and set whether it was typed or has the value of its variable.
func (f *simFlags) configs(typed, set func(flag string) bool) ([]sim.Config, error) {
	plan := make(map[string][]string)
	if f.plan != "" {
		var err error
		if plan, err = readPlan(f.plan); err != nil {
			return nil, err
		}
	}
	varied := make(map[string]bool)
	for _, v := range f.vary {
		name, values, ok := strings.Cut(v, "=")
		switch {
		case !ok || simUsages[name] == "":
			return nil, cli.BadInput("write NAME=VALUE|VALUE, with the name of a flag of kad sim", "--vary %q names no flag and its values", v)
		case varied[name]:
			return nil, cli.BadInput(fmt.Sprintf("write all its values in one: --vary %s='A|B|C'", name), "--vary %s=... was given twice", name)
		case typed(name):
			return nil, cli.BadInput("leave one of them out", "--%s and --vary %s=... both say what %s is", name, name, name)
		case plan[name] != nil:
			return nil, cli.BadInput("leave it out of one of them", "--plan %s and --vary %s=... both say what %s is", f.plan, name, name)
		}
		varied[name] = true
		plan[name] = sweep.Alternatives(values)
	}
	given := func(name string) bool { return typed(name) || plan[name] != nil }
	p := sweep.Plan{Base: sim.Defaults()}
	for _, s := range p.Base.Settings() {
		values := plan[s.Name]
		if text := *f.settings[s.Name]; text != "" && (values == nil || typed(s.Name)) {
			var err error
			if values, err = valuesOf(s.Name, text, false); err != nil {
				return nil, err
			}
		}
		if len(values) > 0 {
			p.Axes = append(p.Axes, sweep.Axis{Name: s.Name, Values: values})
		}
	}
	slices.SortStableFunc(p.Axes, func(a, b sweep.Axis) int { // seeds vary fastest: runs that are repeats stand together
		return cmp.Compare(strings.Count(a.Name, "seed"), strings.Count(b.Name, "seed"))
	})
	configs, err := p.Configs(func(c *sim.Config) {
		k, alpha := sim.OwnParameters(c.Lookup) // that the rule has, unless somebody says otherwise
		if !given("k") && !set("k") {
			c.K = k
		}
		if !given("alpha") && !set("alpha") {
			c.Alpha = alpha
		}
	})
	switch {
	case errors.Is(err, sweep.ErrSame):
		return nil, cli.BadInput(SameNext, "%v", err)
	case errors.Is(err, sweep.ErrBadPlan):
		return nil, cli.BadInput("see: kad sim --help", "%v", err)
	case err != nil && !errors.Is(err, sim.ErrBadConfig):
		return nil, cli.BadInput("name a CSV file: a square matrix of round trip times in milliseconds", "--latency: %v", err)
	case err != nil:
		return nil, err
	}
	for i := range configs {
		if w := configs[i].Workload; given("targets") && (w == report.WorkloadValue || w == report.WorkloadProvide) {
			return nil, cli.BadInput("leave it out, or choose --workload find, mixed or day", "--targets is for lookups of targets: --workload %s looks for its own keys", w)
		}
	}
	return configs, nil
}
