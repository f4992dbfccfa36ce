package report

import (
	"cmp"
	"reflect"
	"slices"
)

// A Metric is one figure of a run, with the name that it has in a comparison.
type Metric struct {
	Name  string
	Value float64
}

// Metrics are the figures of a report, and what theory expects (theory.hops), but for those of
// the machine: they are not of what was measured.
func (r *Report) Metrics() []Metric {
	all := r.figures()
	if t := r.Theory; t != nil && t.Hops > 0 {
		all = append(all, Metric{"theory.hops", t.Hops})
	}
	return all
}

// figures are what was measured.
func (r *Report) figures() []Metric {
	own := *r
	own.Machine = Machine{}
	var all []Metric
	for _, f := range Compare(&own, &own).Figures {
		if f.A != nil {
			all = append(all, Metric{f.Name, *f.A})
		}
	}
	return all
}

// A Run is what a comparison of runs needs of a report.
type Run struct {
	file    string
	partial bool
	seed    uint64
	setup   setup
	metrics []Metric
}

// A setup is what runs that differ only in the seed have in common.
type setup struct {
	kind   string
	config Config // without seed
	golang string
}

// NewRun is the run of a report; errors call it by the name of its file.
func NewRun(file string, r *Report) Run {
	run := Run{file: file, partial: r.Partial, seed: r.Config.Seed, metrics: r.figures(),
		setup: setup{kind: r.Kind, config: r.Config, golang: r.Machine.Go}}
	run.setup.config.Seed = 0
	return run
}

// report is a Report of this setup, to compare what is configured.
func (s *setup) report() *Report {
	return &Report{Kind: s.kind, Config: s.config, Machine: Machine{Go: s.golang}}
}

// A Value is a setting with its value.
type Value struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// values are those of some settings, in the order of a Config.
func (s *setup) values(of map[string]bool) []Value {
	all := []Value{}
	add := func(name string, value any) {
		if of[name] {
			all = append(all, Value{name, value})
		}
	}
	add("kind", s.kind)
	for _, setting := range s.config.settings() {
		add(setting.name, setting.value.Interface())
	}
	return all
}

// compareValues is the order of two setups by values of the same settings.
func compareValues(a, b []Value) int {
	for i := range a {
		x, y := reflect.ValueOf(a[i].Value), reflect.ValueOf(b[i].Value)
		c := 0
		switch x.Kind() {
		case reflect.Int:
			c = cmp.Compare(x.Int(), y.Int())
		case reflect.Float64:
			c = cmp.Compare(x.Float(), y.Float())
		default:
			c = cmp.Compare(x.String(), y.String())
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// varied are the settings in which runs of one side differ, the seed apart.
func varied(sides ...[]Run) map[string]bool {
	names := make(map[string]bool)
	for _, runs := range sides {
		for i := range runs {
			for _, s := range configured(runs[0].setup.report(), runs[i].setup.report()) {
				names[s.Name] = true
			}
		}
	}
	delete(names, "machine.go")
	return names
}

// A cell is the runs of one side that differ in the seed only, by seed.
type cell struct {
	of   []Value // the settings that vary
	runs []Run
}

// cells divides the runs of a side by the settings that vary.
func cells(runs []Run, varied map[string]bool) []cell {
	var all []cell
	for _, r := range runs {
		of := r.setup.values(varied)
		i, found := slices.BinarySearchFunc(all, of, func(c cell, of []Value) int { return compareValues(c.of, of) })
		if !found {
			all = slices.Insert(all, i, cell{of: of})
		}
		all[i].runs = append(all[i].runs, r)
	}
	for i := range all {
		slices.SortStableFunc(all[i].runs, func(a, b Run) int { return cmp.Compare(a.seed, b.seed) })
	}
	return all
}
