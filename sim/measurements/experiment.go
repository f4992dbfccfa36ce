package main

import "slices"

// An experiment is a section of the page: commands, and figures of the reports that they
// print.
type experiment struct {
	name     string
	title    string
	why      string
	large    bool // it is run only with -large
	commands []command
	lines    string   // says what the command lines are, where rows have the rest; empty: the page shows each
	columns  []string // of the table in place of one with what is measured; rows have as many cells
	rows     []row
	finds    func([]*result) string // a paragraph under the table, of the results of all commands
	says     string                 // a paragraph below
	more     func([]*result) string // tables below that, likewise
}

// find is the experiment with a name, or nil.
func find(all []experiment, name string) *experiment {
	if i := slices.IndexFunc(all, func(e experiment) bool { return e.name == name }); i >= 0 {
		return &all[i]
	}
	return nil
}

// command is the command with a name.
func (e *experiment) command(name string) (c command, ok bool) {
	if i := slices.IndexFunc(e.commands, func(c command) bool { return c.name == name }); i >= 0 {
		return e.commands[i], true
	}
	return command{}, false
}

// A row is one line of an experiment's table.
type row struct {
	what    string
	from    []string // the names of the commands that it is computed from
	target  string   // of theory or the design; empty: none
	measure func([]*result) measured
}

// A measured is what a row shows, and whether it reaches the target, if there is one.
type measured struct {
	text    string
	reached bool
	cells   []string // in place of the text in an experiment's own columns
}

// shown is a row without a target.
func shown(what string, text func([]*result) string, from ...string) row {
	return row{what: what, from: from, measure: func(r []*result) measured { return measured{text: text(r)} }}
}

// A figure is a number of one result.
type figure func(*result) float64

// A target says what a number should be.
type target struct {
	text    string
	reached func(float64) bool
}

// wanted is a row of one number with a target.
func wanted(what string, f figure, format func(float64) string, t target, from ...string) row {
	return row{what: what, from: from, target: t.text, measure: func(r []*result) measured {
		v := f(r[0])
		return measured{text: format(v), reached: t.reached(v)}
	}}
}

// difference is a row of a number of two results that should differ by at most within.
func difference(what string, f figure, format func(float64) string, within float64, one, other string) row {
	return row{what: what, from: []string{one, other}, target: "within " + short(within), measure: func(r []*result) measured {
		a, b := f(r[0]), f(r[1])
		return measured{text: format(a) + " / " + format(b), reached: near(a, b, within)}
	}}
}

// about is the target of being within a distance of a number.
func about(want, within float64) target {
	return target{short(want) + ", within " + short(within), func(v float64) bool { return near(v, want, within) }}
}

// atMost and atLeast are targets with a bound.
func atMost(most float64, format func(float64) string) target {
	return target{"at most " + format(most), func(v float64) bool { return v <= most }}
}

func atLeast(least float64, format func(float64) string) target {
	return target{"at least " + format(least), func(v float64) bool { return v >= least }}
}

// near reports whether two numbers differ by at most a distance. It tolerates rounding: as
// floating-point numbers 2.45 - 2.42 is more than 0.03.
func near(a, b, within float64) bool { return max(a, b)-min(a, b) <= within+1e-9 }
