package sweep

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kadmium/sim"
)

// Errors of a plan. They say what is wrong with it; a plan with two runs that are the same is
// also a bad one.
var (
	ErrBadPlan = errors.New("bad sweep")
	ErrSame    = errors.New("twice the same")
)

// Limits of a plan.
const (
	MaxRuns   = 100_000
	maxValues = 10_000 // of one setting
)

// An Axis is a setting and the values that it takes in turn.
type Axis struct {
	Name   string // of the flag
	Values []string
}

// A Plan is a base, and the settings that vary: all their combinations are run.
type Plan struct {
	Base sim.Config
	Axes []Axis
}

// List reads a list of values: 1,3,10, or a range of whole numbers, 1..20, which may be one
// of several parts. Its error is ErrBadPlan.
func List(text string) ([]string, error) {
	var all []string
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		lo, hi, isRange := strings.Cut(part, "..")
		if !isRange {
			all = append(all, part)
			continue
		}
		from, err := strconv.ParseUint(lo, 10, 63)
		to, err2 := strconv.ParseUint(hi, 10, 63)
		if err != nil || err2 != nil || to < from || to-from >= maxValues {
			return nil, fmt.Errorf("%w: %q is no range: want two whole numbers like 1..20, the second no smaller, %d apart at most", ErrBadPlan, part, maxValues)
		}
		for i := from; i <= to; i++ {
			all = append(all, strconv.FormatUint(i, 10))
		}
	}
	if len(all) > maxValues {
		return nil, fmt.Errorf("%w: %d values of one setting, want at most %d", ErrBadPlan, len(all), maxValues)
	}
	return all, nil
}

// Alternatives reads values that may hold commas: exp:1h|weibull:0.6,40m.
func Alternatives(text string) []string {
	all := strings.Split(text, "|")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

// Combinations are all combinations of values: the last setting varies fastest. Its error is
// ErrBadPlan.
func Combinations(axes []Axis) ([][]sim.Setting, error) {
	runs := 1
	seen := make(map[string]bool)
	for _, a := range axes {
		if len(a.Values) == 0 {
			return nil, fmt.Errorf("%w: %s has no value", ErrBadPlan, a.Name)
		}
		if seen[a.Name] {
			return nil, fmt.Errorf("%w: %s varies twice", ErrBadPlan, a.Name)
		}
		seen[a.Name] = true
		if value, twice := repeated(a.Values); twice {
			return nil, fmt.Errorf("%w: %w: %s %s", ErrBadPlan, ErrSame, a.Name, value)
		}
		if runs *= len(a.Values); runs > MaxRuns {
			return nil, fmt.Errorf("%w: over %d runs", ErrBadPlan, MaxRuns)
		}
	}
	combinations := make([][]sim.Setting, runs)
	for i := range combinations {
		values, rest := make([]sim.Setting, len(axes)), i
		for a := len(axes) - 1; a >= 0; a-- {
			values[a] = sim.Setting{Name: axes[a].Name, Value: axes[a].Values[rest%len(axes[a].Values)]}
			rest /= len(axes[a].Values)
		}
		combinations[i] = values
	}
	return combinations, nil
}

// repeated is a value that a list has twice.
func repeated(values []string) (value string, twice bool) {
	seen := make(map[string]bool, len(values))
	for _, v := range values {
		if seen[v] {
			return v, true
		}
		seen[v] = true
	}
	return "", false
}

// same says in which values two runs differ that are the same: k 8 and 08.
func same(a, b []sim.Setting) error {
	var values []string
	for i := range a {
		switch {
		case a[i].Value != b[i].Value:
			values = append(values, fmt.Sprintf("%s %s and %s", a[i].Name, a[i].Value, b[i].Value))
		case slices.Equal(a, b):
			values = append(values, a[i].Name+" "+a[i].Value)
		}
	}
	return fmt.Errorf("%w: %w: %s", ErrBadPlan, ErrSame, strings.Join(values, ", "))
}

// Configs are the runs of a plan, checked: the last setting varies fastest. finish, if it is
// not nil, completes each before it is checked. The error is ErrBadPlan, sim.ErrBadConfig,
// or that of reading a file of latencies.
func (p *Plan) Configs(finish func(*sim.Config)) ([]sim.Config, error) {
	combinations, err := Combinations(p.Axes)
	if err != nil {
		return nil, err
	}
	configs := make([]sim.Config, 0, len(combinations))
	of := make(map[string]int, len(combinations))
	for i, values := range combinations {
		c := p.Base
		for _, s := range values {
			if err := c.Set(s.Name, s.Value); err != nil {
				return nil, err
			}
		}
		if finish != nil {
			finish(&c)
		}
		if err := c.Check(); err != nil {
			return nil, err
		}
		all := canonical(&c)
		if j, twice := of[all]; twice {
			return nil, same(combinations[j], values)
		}
		of[all] = i
		configs = append(configs, c)
	}
	return configs, nil
}

// canonical is a Config as text, one setting a line.
func canonical(c *sim.Config) string { return lines(c.Settings()) }

func lines(settings []sim.Setting) string {
	var b strings.Builder
	for _, s := range settings {
		fmt.Fprintf(&b, "%s=%s\n", s.Name, s.Value)
	}
	return b.String()
}
