package sweep

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"kadmium/sim"
	"kadmium/sim/report"
)

// ErrBadPlot reports a picture that cannot be made of a sweep. The error says why, and what
// there is to choose from.
var ErrBadPlot = errors.New("bad plot")

// Limits of a picture.
const (
	MaxLines    = 8  // that differ in colour, dash and mark
	MaxPanels   = 12 // small multiples
	MaxCells    = 40 // of a heat map, each way
	MaxPictures = 16 // of one Plot: one for each combination of what it does not name
)

// A Plot says what a picture of a sweep shows: a metric against a setting, one line a value
// of a second, one panel a value of a third; or a metric as a heat map of two settings. What
// varies and has no name gets the free place of a line or a panel, or pictures of its own.
type Plot struct {
	Metric string
	X      string
	Line   string // empty: any
	Y      string // of a heat map; empty: it is none
	Panel  string // empty: any
}

// ParsePlot reads METRIC:X, METRIC:X:LINE, METRIC:X:LINE:PANEL, or heat:METRIC:X:Y and
// heat:METRIC:X:Y:PANEL. An empty LINE is any. Its error is ErrBadPlot.
func ParsePlot(text string) (Plot, error) {
	parts := strings.Split(text, ":")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	heat := parts[0] == "heat"
	if heat {
		parts = parts[1:]
	}
	switch n := len(parts); {
	case heat && (n < 3 || n > 4 || parts[2] == ""), n < 2 || n > 4, parts[0] == "", parts[1] == "":
		return Plot{}, fmt.Errorf("%w: %q: want METRIC:X, METRIC:X:LINE, METRIC:X:LINE:PANEL or heat:METRIC:X:Y", ErrBadPlot, text)
	}
	parts = append(parts, "", "")
	p := Plot{Metric: parts[0], X: parts[1], Line: parts[2], Panel: parts[3]}
	if heat {
		p.Line, p.Y = "", parts[2]
	}
	return p, nil
}

// String is the text that ParsePlot reads.
func (p Plot) String() string {
	parts := []string{p.Metric, p.X, p.Line, p.Panel}
	if p.Y != "" {
		parts = []string{"heat", p.Metric, p.X, p.Y, p.Panel}
	}
	return strings.TrimRight(strings.Join(parts, ":"), ":")
}

// CheckPlots checks pictures before the runs are made that they show. Its error is
// ErrBadPlot.
func CheckPlots(plots []Plot, configs []sim.Config) error {
	runs := make([]map[string]string, len(configs))
	for i := range configs {
		runs[i] = params(&configs[i])
	}
	metrics := sim.Metrics()
	stores := slices.ContainsFunc(configs, func(c sim.Config) bool {
		return c.Workload != report.WorkloadFind && (c.Workload != report.WorkloadDay || c.Keys > 0)
	})
	for _, p := range plots {
		if !slices.Contains(metrics, p.Metric) {
			return fmt.Errorf("%w: %s: there is no metric %q; there are %s", ErrBadPlot, p, p.Metric, inShort(metrics))
		}
		if strings.HasPrefix(p.Metric, "values.") && !stores {
			return fmt.Errorf("%w: %s: nothing is stored, so no run has %s", ErrBadPlot, p, p.Metric)
		}
		if _, _, err := p.complete(varied(configs), runs); err != nil {
			return err
		}
	}
	return nil
}

// inShort lists metrics, those of a distribution in one word.
func inShort(metrics []string) string {
	var all []string
	for _, m := range metrics {
		of, last, _ := strings.Cut(m, ".")
		switch {
		case last == "mean":
			all = append(all, of+".mean|p50|p90|p95|p99|max")
		case last == "p50", last == "p90", last == "p95", last == "p99", last == "max":
		default:
			all = append(all, m)
		}
	}
	return strings.Join(all, ", ")
}

// complete chooses what the free places of p show, and gives what is left over: settings
// whose combinations have pictures of their own. Its error is ErrBadPlot.
func (p Plot) complete(vary []string, runs []map[string]string) (Plot, []string, error) {
	vary = slices.DeleteFunc(slices.Clone(vary), func(name string) bool { return name == "seed" || name == traceOf })
	bad := func(format string, args ...any) (Plot, []string, error) {
		return Plot{}, nil, fmt.Errorf("%w: %s: %s", ErrBadPlot, p, fmt.Sprintf(format, args...))
	}
	var named []string
	for _, place := range []struct {
		name string
		most int
	}{{p.X, MaxValuesOfX}, {p.Line, MaxLines}, {p.Y, MaxCells}, {p.Panel, MaxPanels}} {
		switch name := place.name; {
		case name == "":
			continue
		case name == "seed":
			return bad("seeds are repeats: means and bands are over them")
		case name == traceOf:
			return bad("whose trace a run has changes none of its figures")
		case !isSetting(name):
			return bad("there is no parameter %q; there are %s", name, strings.Join(settingNames(), ", "))
		case len(vary) == 0:
			return bad("nothing varies on which figures depend, but the seed")
		case !slices.Contains(vary, name):
			return bad("%s has one value only; what varies is %s", name, strings.Join(vary, ", "))
		case slices.Contains(named, name):
			return bad("%s stands there twice", name)
		case count(runs, name) > place.most:
			return bad("%s has %d values there, want at most %d", name, count(runs, name), place.most)
		}
		named = append(named, place.name)
	}
	if p.Y != "" && count(runs, p.X) > MaxCells {
		return bad("%s has %d values there, want at most %d", p.X, count(runs, p.X), MaxCells)
	}
	left := basis(vary, named, runs)
	for _, free := range []struct {
		place *string
		most  int
		there bool
	}{{&p.Line, MaxLines, p.Y == ""}, {&p.Panel, MaxPanels, true}} {
		fits := slices.IndexFunc(left, func(name string) bool { return count(runs, name) <= free.most })
		if free.there && *free.place == "" && fits >= 0 {
			*free.place = left[fits]
			left = slices.Delete(left, fits, fits+1)
		}
	}
	if n := count(runs, left...); n > MaxPictures {
		return bad("as %s vary too these would be %d pictures, want at most %d", strings.Join(left, ", "), n, MaxPictures)
	}
	return p, left, nil
}

// MaxValuesOfX bounds the points of a line.
const MaxValuesOfX = 1000

// basis are settings that, with those named, tell all configurations apart: those first of
// which the others follow, as alpha and k may follow from the rule of lookups.
func basis(vary, named []string, runs []map[string]string) []string {
	var chosen []string
	for {
		known := append(slices.Clone(named), chosen...)
		open := unknown(vary, known, runs)
		if len(open) == 0 {
			return slices.DeleteFunc(slices.Clone(vary), func(name string) bool { return !slices.Contains(chosen, name) })
		}
		best, fewest := "", len(open)+1
		for _, name := range open {
			if n := len(unknown(open, append(known[:len(known):len(known)], name), runs)); n < fewest {
				best, fewest = name, n
			}
		}
		chosen = append(chosen, best)
	}
}

// rules are the settings from which others follow, as alpha and k of a rule. They follow
// from each other at most: a line that joins two rules would not say so.
var rules = []string{"lookup", "table"}

// unknown are those of the settings whose value does not follow from the values of others.
func unknown(names, by []string, runs []map[string]string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		by := by
		if slices.Contains(rules, name) {
			by = slices.DeleteFunc(slices.Clone(by), func(other string) bool { return !slices.Contains(rules, other) })
		}
		return count(runs, by...) == count(runs, append(by[:len(by):len(by)], name)...)
	})
}

// count is the number of different values that some settings have together.
func count(runs []map[string]string, names ...string) int {
	seen := make(map[string]bool)
	for _, run := range runs {
		seen[key(run, names)] = true
	}
	return len(seen)
}

// key is a text of the values of settings.
func key(run map[string]string, names []string) string {
	values := make([]string, len(names))
	for i, name := range names {
		values[i] = run[name]
	}
	return strings.Join(values, "\n")
}

func settingNames() []string {
	base := sim.Defaults()
	var all []string
	for _, s := range base.Settings() {
		all = append(all, s.Name)
	}
	return all
}

func isSetting(name string) bool { return slices.Contains(settingNames(), name) }

// Shares are the metrics that are shares of a whole.
var Shares = []string{"succeeded", "recall", "values.confirmed", "values.found"}

// usual are the metrics that are drawn unless somebody chooses others, after those Shares
// that are not the same everywhere.
var usual = []string{"hops.mean", "rpcs.mean", "latency_ms.p50", "latency_ms.p99"}

// mostUsual bounds the pictures that are drawn of a sweep if nobody chooses.
const mostUsual = 32

// UsualPlots are the pictures of a sweep if nobody chooses: of the usual metrics against the
// number of nodes, or otherwise the number that has most values. There are none if nothing
// varies, or if they would be very many.
func (r *Results) UsualPlots() []Plot {
	r = r.withoutTraces()
	runs := r.params()
	vary := slices.DeleteFunc(slices.Clone(r.Varied), func(name string) bool { return name == "seed" })
	x, most := "", 0
	for _, name := range basis(vary, nil, runs) {
		n := count(runs, name)
		if _, ok := amounts(valuesIn(runs, name)); !ok {
			n = 0
		}
		if name == "nodes" {
			n += MaxRuns
		}
		if x == "" || n > most {
			x, most = name, n
		}
	}
	if x == "" {
		return nil
	}
	var plots []Plot
	pictures := 0
	shares := slices.DeleteFunc(slices.Clone(Shares), func(metric string) bool { return !r.differs(metric) })
	for _, metric := range append(shares, usual...) {
		p := Plot{Metric: metric, X: x}
		_, left, err := p.complete(r.Varied, runs)
		if err != nil {
			continue
		}
		pictures += count(runs, left...)
		plots = append(plots, p)
	}
	if pictures > mostUsual {
		return nil
	}
	return plots
}

// traceOf is the setting that changes a report, and no metric.
const traceOf = "trace-of"

// withoutTraces are the results without runs that differ from another only in whose trace
// they have: they are no more measurements.
func (r *Results) withoutTraces() *Results {
	if !slices.Contains(r.Varied, traceOf) {
		return r
	}
	others := slices.DeleteFunc(slices.Clone(r.Varied), func(name string) bool { return name == traceOf })
	left := &Results{Varied: others}
	seen := make(map[string]bool)
	for i := range r.Runs {
		if of := key(r.Runs[i].Params, others); !seen[of] {
			seen[of] = true
			left.Runs = append(left.Runs, r.Runs[i])
		}
	}
	return left
}

// params are the settings of the runs.
func (r *Results) params() []map[string]string {
	all := make([]map[string]string, len(r.Runs))
	for i := range r.Runs {
		all[i] = r.Runs[i].Params
	}
	return all
}

// differs reports whether runs differ in a metric.
func (r *Results) differs(metric string) bool {
	values := valuesOf(r.metrics(), metric)
	return slices.ContainsFunc(values, func(v float64) bool { return v != values[0] })
}
