package sweep

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"kadmium/sim"
	"kadmium/sim/interval"
	"kadmium/sim/report"
)

// A Chart is what one picture of a sweep shows.
type Chart struct {
	Plot                   // with what was chosen for its free places
	Held     []sim.Setting // that have pictures for their other values
	Xs       Scale
	Lines    Scale // of the lines, or of Y for a heat map
	Panels   Scale
	Points   map[At]Point // those that the sweep has
	Reports  []*report.Report
	SeedsMin int // runs of a point, at least and at most
	SeedsMax int
}

// A Scale is the values of a setting, in order. Without a setting it is one empty value.
type Scale struct {
	Name    string
	Values  []string
	Amounts []float64 // of the values, if they are numbers or times; otherwise nil
}

// At is the place of a point: the indexes of its values.
type At struct{ X, Line, Panel int }

// A Point is the mean of a metric over the seeds of one configuration.
type Point struct {
	Runs      int
	Mean      float64
	Low, High float64 // its interval; the mean if there is none
	Band      bool    // there is an interval
}

// Charts are the pictures of a plot: one, unless settings vary that have no place in it. Its
// error is ErrBadPlot.
func (r *Results) Charts(p Plot) ([]Chart, error) {
	r = r.withoutTraces()
	runs := r.params()
	p, left, err := p.complete(r.Varied, runs)
	if err != nil {
		return nil, err
	}
	line := p.Line
	if p.Y != "" {
		line = p.Y
	}
	base := Chart{Plot: p, Xs: scale(runs, p.X), Lines: scale(runs, line), Panels: scale(runs, p.Panel)}
	var charts []Chart
	at := make(map[string]int) // by the values of what is left
	values := make(map[string]map[At][]float64)
	metrics := r.metrics(p.Metric)
	for i := range r.Runs {
		run := &r.Runs[i]
		of := key(run.Params, left)
		if _, known := at[of]; !known {
			at[of] = len(charts)
			c := base
			for _, name := range left {
				c.Held = append(c.Held, sim.Setting{Name: name, Value: run.Params[name]})
			}
			charts = append(charts, c)
			values[of] = make(map[At][]float64)
		}
		c := &charts[at[of]]
		c.Reports = append(c.Reports, run.Report)
		for _, v := range valuesOf(metrics[i:i+1], p.Metric) {
			place := At{base.Xs.index(run), base.Lines.index(run), base.Panels.index(run)}
			values[of][place] = append(values[of][place], v)
		}
	}
	for of, i := range at {
		charts[i].setPoints(values[of])
	}
	return charts, nil
}

func (c *Chart) setPoints(values map[At][]float64) {
	c.Points = make(map[At]Point)
	for at, all := range values {
		c.Points[at] = pointOf(all)
		if c.SeedsMin == 0 || len(all) < c.SeedsMin {
			c.SeedsMin = len(all)
		}
		c.SeedsMax = max(c.SeedsMax, len(all))
	}
}

func pointOf(values []float64) Point {
	if m, err := interval.OfMean(values); err == nil {
		return Point{len(values), m.Mean, m.Low, m.High, true}
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	mean := sum / float64(len(values))
	return Point{len(values), mean, mean, mean, false}
}

// index is the place of the run's value.
func (s *Scale) index(r *Run) int { return max(0, slices.Index(s.Values, r.Params[s.Name])) }

// scale is the values of a setting: numbers and times by their size, others as they come.
func scale(runs []map[string]string, name string) Scale {
	if name == "" {
		return Scale{Values: []string{""}}
	}
	s := Scale{Name: name, Values: valuesIn(runs, name)}
	of, ok := amounts(s.Values)
	if !ok {
		return s
	}
	amount := make(map[string]float64)
	for i, v := range s.Values {
		amount[v] = of[i]
	}
	slices.SortStableFunc(s.Values, func(a, b string) int { return cmp.Compare(amount[a], amount[b]) })
	for _, v := range s.Values {
		s.Amounts = append(s.Amounts, amount[v])
	}
	return s
}

// valuesIn are the values of a setting, in the order in which they come.
func valuesIn(runs []map[string]string, name string) []string {
	var all []string
	seen := make(map[string]bool)
	for _, run := range runs {
		if v := run[name]; !seen[v] {
			seen[v] = true
			all = append(all, v)
		}
	}
	return all
}

// amounts are values as numbers, if all of them are numbers, or times, also times after the
// same word: const:20ms and const:1s.
func amounts(values []string) ([]float64, bool) {
	all := make([]float64, 0, len(values))
	words := make(map[string]bool)
	for _, v := range values {
		word, rest, found := strings.Cut(v, ":")
		if !found {
			word, rest = "", v
		}
		words[word] = true
		if f, err := strconv.ParseFloat(rest, 64); err == nil {
			words["a number"] = true
			all = append(all, f)
		} else if d, err := time.ParseDuration(rest); err == nil {
			words["a time"] = true
			all = append(all, d.Seconds())
		}
	}
	return all, len(all) == len(values) && len(slices.Collect(maps.Keys(words))) == 2
}
