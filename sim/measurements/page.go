package main

import (
	"fmt"
	"slices"
	"strings"

	"kadmium/sim/report"
)

// notMeasured is shown if there is no result of the present command line.
const notMeasured = "not measured"

const pageHead = `# Measurements

This page has the simulated figures of the project itself, with the command and the seed each came from; those of rules of others are in [rules.md](rules.md).
` + "`go run ./sim/measurements`" + ` runs the commands and writes this page; nothing is changed by hand.
` + "`kad`" + ` is what ` + "`go build ./cmd/kad`" + ` makes, each command prints its report in JSON, and [report.md](report.md) says what each field means.
The same program gives the same report on every machine; dates say when each was made, and a later program's rules may give another.
Only wall times and memory depend on the machine, and on what else it did at the time: take them as ratios.
Figures of real sockets are in [benchmarks.md](benchmarks.md).

"Hops" has three meanings in the literature, which differ by up to 1.7 on the same run:

- ` + "`hops`" + `: the depth of the closest node returned; a contact from the searcher's own table is at hop 1, one first named by a contact at hop h at h + 1.
- ` + "`first_replica_hops`" + `: the depth at which the first of the true k closest was named.
- ` + "`rounds`" + `: the longest chain of requests that had to wait for one another.

"Hops" alone means the first.
`

// page is docs/measurements.md.
func page(all []experiment, k *kept) string {
	var b strings.Builder
	b.WriteString(pageHead)
	b.WriteString("\n" + balance(all, k))
	for i := range all {
		all[i].write(&b, k)
	}
	b.WriteString(whereTheTimeGoes(all, k))
	b.WriteString(notModelled)
	return b.String()
}

// write writes the section of an experiment.
func (e *experiment) write(b *strings.Builder, k *kept) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", e.title, e.why)
	if e.lines != "" {
		fmt.Fprintf(b, "%s\n", e.lines)
	} else {
		for _, c := range e.commands {
			fmt.Fprintf(b, "    %s\n", c.line())
		}
	}
	columns := e.columns
	if columns == nil {
		columns = []string{"measured"}
	}
	fmt.Fprintf(b, "\n| what | %s | target | |\n|---|---|---|%s\n", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
	for _, r := range e.rows {
		m, verdict := e.measure(r, k)
		cells := make([]string, len(columns))
		cells[0] = m.text
		copy(cells, m.cells)
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", r.what, strings.Join(cells, " | "), r.target, verdict)
	}
	fmt.Fprintf(b, "\n%s\n", e.circumstances(k))
	if results := e.results(k); e.finds != nil && results != nil {
		fmt.Fprintf(b, "\n%s\n", e.finds(results))
	}
	if e.says != "" {
		fmt.Fprintf(b, "\n%s\n", e.says)
	}
	if results := e.results(k); e.more != nil && results != nil {
		b.WriteString(e.more(results))
	}
}

// results are those of all commands; nil if one was not run.
func (e *experiment) results(k *kept) []*result {
	var all []*result
	for _, c := range e.commands {
		r := k.result(c)
		if r == nil {
			return nil
		}
		all = append(all, r)
	}
	return all
}

// The verdicts on rows with a target.
const (
	reached    = "reached"
	notReached = "**not reached**"
)

// measure computes a row and its verdict.
func (e *experiment) measure(r row, k *kept) (m measured, verdict string) {
	var results []*result
	for _, name := range r.from {
		c, ok := e.command(name)
		if !ok {
			panic(fmt.Sprintf("%s: no command is called %q", e.name, name))
		}
		one := k.result(c)
		if one == nil {
			return measured{text: notMeasured}, ""
		}
		results = append(results, one)
	}
	m = r.measure(results)
	switch {
	case r.target == "":
		return m, ""
	case m.reached:
		return m, reached
	}
	return m, notReached
}

// circumstances say when and on which machine the commands were run.
func (e *experiment) circumstances(k *kept) string {
	var dates, machines []string
	time := 0.0
	for _, c := range e.commands {
		r := k.result(c)
		if r == nil {
			continue
		}
		dates = append(dates, r.Date)
		machines = append(machines, fmt.Sprintf("%s, %s", report.Count(r.Report.Machine.CPUs, "CPU"), strings.Replace(r.Report.Machine.Go, "go", "Go ", 1)))
		time += r.Report.Machine.WallSeconds
	}
	if dates == nil {
		return "Not measured as the commands are now."
	}
	return fmt.Sprintf("Run on %s (%s), in %s.", strings.Join(distinct(dates), " and "), strings.Join(distinct(machines), "; "), seconds(time))
}

func distinct(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// balance says how many targets are reached, and lists the others.
func balance(all []experiment, k *kept) string {
	targets, good, rest := 0, 0, ""
	for _, e := range all {
		for _, r := range e.rows {
			if r.target == "" {
				continue
			}
			targets++
			m, verdict := e.measure(r, k)
			if verdict == reached {
				good++
				continue
			}
			rest += fmt.Sprintf("- %s: %s, %s; wanted: %s\n", e.title, r.what, m.text, r.target)
		}
	}
	if rest != "" {
		return fmt.Sprintf("**Of %d targets %d are reached.** These are not:\n\n%s", targets, good, rest)
	}
	return fmt.Sprintf("**All %d targets are reached.**\n", targets)
}
