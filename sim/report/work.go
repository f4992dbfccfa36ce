package report

import (
	"slices"
	"strings"
)

// A report leaves out work that was never done. Beside one that has some, it did 0 of it, if
// it counted such work at all (design R11.7).

// workPrefix is what the metrics of work begin with.
const workPrefix = "work."

// ofDatagrams tells the two sorts of work apart, of which a report counts all or none: what
// became of datagrams, and what nodes did. The second is not counted of lookups that affect no
// other.
func ofDatagrams(name string) bool {
	return name == "datagrams" || strings.HasPrefix(name, "datagrams.")
}

// counted reports whether a report counted the work of a name.
func (r *Report) counted(name string) bool {
	return slices.ContainsFunc(r.Work, func(w Work) bool { return ofDatagrams(w.Name) == ofDatagrams(name) })
}

// MetricsOf are the metrics of several reports, each with 0 of the work that others of its
// kind did, and of that named also, which may be work that none did.
func MetricsOf(reports []*Report, also ...string) [][]Metric {
	runs := make([]Run, len(reports))
	for i, r := range reports {
		runs[i] = Run{setup: setup{kind: r.Kind}, metrics: r.Metrics()}
	}
	fillWork(runs, also...)
	all := make([][]Metric, len(runs))
	for i := range runs {
		all[i] = runs[i].metrics
	}
	return all
}

// fillWork gives each run 0 of the work that it counted and only others of its kind did.
func fillWork(runs []Run, also ...string) {
	also = slices.DeleteFunc(slices.Clone(also), func(name string) bool { return !strings.HasPrefix(name, workPrefix) })
	names := make(map[string][]string) // by kind, in the order in which they first appear
	for _, r := range runs {
		of := names[r.setup.kind]
		for _, m := range r.metrics {
			if strings.HasPrefix(m.Name, workPrefix) && !slices.Contains(of, m.Name) {
				of = append(of, m.Name)
			}
		}
		names[r.setup.kind] = of
	}
	for i := range runs {
		of := names[runs[i].setup.kind]
		for _, name := range also {
			if !slices.Contains(of, name) {
				of = append(of[:len(of):len(of)], name)
			}
		}
		runs[i].metrics = withWork(runs[i].metrics, of)
	}
}

// withWork are metrics with all work of these names that was counted, in their order.
func withWork(metrics []Metric, names []string) []Metric {
	done, counted := make(map[string]float64), make(map[bool]bool)
	var before, after []Metric
	for _, m := range metrics {
		name, isWork := strings.CutPrefix(m.Name, workPrefix)
		switch {
		case isWork:
			done[m.Name] = m.Value
			counted[ofDatagrams(name)] = true
		case len(done) == 0:
			before = append(before, m)
		default:
			after = append(after, m)
		}
	}
	for _, name := range names {
		if counted[ofDatagrams(strings.TrimPrefix(name, workPrefix))] {
			before = append(before, Metric{name, done[name]})
		}
	}
	return append(before, after...)
}
