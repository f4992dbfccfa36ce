package report

import (
	"errors"
	"fmt"
	"slices"

	"kadmium/sim/interval"
)

// ErrNotComparable reports runs that cannot be compared. The error says which.
var ErrNotComparable = errors.New("not comparable")

// Chance is that of any false difference in a RunsComparison.
const Chance = 0.05

// leastPairs is the number of pairs from which on there are verdicts. Where nothing differs,
// the signs of all differences are the same by chance in 2 of 2^n cases: of 5 pairs more often
// than Chance, however much alike the differences are.
const leastPairs = 6

// A RunsComparison is two sets of runs side by side, a and b. A run is the unit: one value
// of each figure.
type RunsComparison struct {
	Tests  int         `json:"tests"` // that Holm's adjustment is for
	Groups []RunsGroup `json:"groups"`
	Alone  []Alone     `json:"alone"` // what only one side has runs of
}

// A RunsGroup is the runs of one configuration of a and of b.
type RunsGroup struct {
	Of         []Value      `json:"of"`         // the settings that vary within a or b, and are the same here
	Configured []Setting    `json:"configured"` // the settings in which a and b differ
	Paired     bool         `json:"paired"`     // run by run of one seed
	SeedsA     []uint64     `json:"seeds_a"`
	SeedsB     []uint64     `json:"seeds_b"`
	LeftOut    int          `json:"left_out"` // runs of a seed that the other side has not, as the others are pairs
	Figures    []RunsFigure `json:"figures"`
}

// Alone is a configuration that only one side has runs of.
type Alone struct {
	Side string  `json:"side"` // a or b
	Of   []Value `json:"of"`
}

// A RunsFigure is one figure over the runs of both sides. Nil means not known.
type RunsFigure struct {
	Name       string   `json:"name"`
	A          RunsMean `json:"a"`
	B          RunsMean `json:"b"`
	Difference *float64 `json:"difference"` // b - a
	Relative   *float64 `json:"relative"`   // to a
	Low        *float64 `json:"low"`        // of the difference's 95 % interval
	High       *float64 `json:"high"`
	P          *float64 `json:"p"`          // of the t test; there is none of fewer than 6 pairs
	AdjustedP  *float64 `json:"adjusted_p"` // for all figures of the comparison (Holm)
	Exceeds    *bool    `json:"exceeds"`    // AdjustedP is at most Chance
}

// A RunsMean is a figure's mean over runs.
type RunsMean struct {
	N    int      `json:"n"` // the runs that have the figure
	Mean *float64 `json:"mean"`
	Low  *float64 `json:"low"` // of its 95 % interval
	High *float64 `json:"high"`
}

// CompareRuns puts two sets of runs side by side: those of each configuration of a beside
// those of b that agree in all settings that vary within a set. Its error is
// ErrNotComparable.
func CompareRuns(a, b []Run) (RunsComparison, error) {
	c := RunsComparison{Groups: []RunsGroup{}, Alone: []Alone{}}
	vary := varied(a, b)
	x, y := cells(a, vary), cells(b, vary)
	for _, side := range [][]cell{x, y} {
		for i := range side {
			if err := side[i].check(); err != nil {
				return c, err
			}
		}
	}
	for i := range x {
		j := slices.IndexFunc(y, func(other cell) bool { return compareValues(other.of, x[i].of) == 0 })
		if j < 0 {
			c.Alone = append(c.Alone, Alone{"a", x[i].of})
			continue
		}
		c.Groups = append(c.Groups, compareCells(&x[i], &y[j]))
		y = slices.Delete(y, j, j+1)
	}
	for i := range y {
		c.Alone = append(c.Alone, Alone{"b", y[i].of})
	}
	if len(c.Groups) == 0 {
		return c, fmt.Errorf("%w: no configuration of one is in the other: %s", ErrNotComparable, c.alone())
	}
	c.adjust()
	return c, nil
}

// check refuses runs that would count for more or for something else than they are.
func (c *cell) check() error {
	for i, r := range c.runs {
		if r.partial {
			return fmt.Errorf("%w: %s is of a run that was interrupted", ErrNotComparable, r.file)
		}
		if i > 0 && r.seed == c.runs[i-1].seed {
			return fmt.Errorf("%w: %s and %s are of one configuration and one seed, %d", ErrNotComparable, c.runs[i-1].file, r.file, r.seed)
		}
	}
	return nil
}

// compareCells compares the runs of one configuration: in pairs if each seed of one side is
// one of the other's.
func compareCells(a, b *cell) RunsGroup {
	x, y := a.runs, b.runs
	g := RunsGroup{Of: a.of, Configured: configured(x[0].setup.report(), y[0].setup.report())}
	if common := commonSeeds(x, y); len(common) == min(len(x), len(y)) {
		g.Paired = true
		g.LeftOut = max(len(x), len(y)) - len(common)
		other := func(r Run) bool { return !common[r.seed] }
		x, y = slices.DeleteFunc(slices.Clone(x), other), slices.DeleteFunc(slices.Clone(y), other)
	}
	g.SeedsA, g.SeedsB = seeds(x), seeds(y)
	all := slices.Concat(x, y)
	fillWork(all)
	x, y = all[:len(x)], all[len(x):]
	of, with := byName(x), byName(y)
	for _, name := range names(x, y) {
		g.Figures = append(g.Figures, compareFigure(name, of[name], with[name], g.Paired))
	}
	return g
}

func commonSeeds(a, b []Run) map[uint64]bool {
	of := make(map[uint64]bool)
	for _, r := range a {
		of[r.seed] = true
	}
	common := make(map[uint64]bool)
	for _, r := range b {
		if of[r.seed] {
			common[r.seed] = true
		}
	}
	return common
}

func seeds(runs []Run) []uint64 {
	all := make([]uint64, len(runs))
	for i, r := range runs {
		all[i] = r.seed
	}
	return all
}

// names are those of all metrics, in the order in which they first appear.
func names(sides ...[]Run) []string {
	var all []string
	seen := make(map[string]bool)
	for _, r := range slices.Concat(sides...) {
		for _, m := range r.metrics {
			if !seen[m.Name] {
				seen[m.Name] = true
				all = append(all, m.Name)
			}
		}
	}
	return all
}

// A value is that of the run at an index.
type value struct {
	run   int
	value float64
}

// byName are the values of each metric, in the order of the runs that have it.
func byName(runs []Run) map[string][]value {
	all := make(map[string][]value)
	for i, r := range runs {
		for _, m := range r.metrics {
			all[m.Name] = append(all[m.Name], value{i, m.Value})
		}
	}
	return all
}

func compareFigure(name string, a, b []value, paired bool) RunsFigure {
	if paired { // those pairs of which both have it
		a, b = among(a, b), among(b, a)
	}
	x, y := numbers(a), numbers(b)
	f := RunsFigure{Name: name, A: meanOf(x), B: meanOf(y)}
	if f.A.Mean == nil || f.B.Mean == nil {
		return f
	}
	difference := plainMean(y) - plainMean(x)
	test := interval.Welch
	if paired {
		test = interval.Paired
	}
	if d, err := test(x, y); err == nil {
		difference = d.Difference
		f.Low, f.High = finite(d.Low), finite(d.High)
		if !paired || len(x) >= leastPairs {
			f.P = finite(d.P)
		}
	}
	f.Difference = finite(difference)
	if *f.A.Mean != 0 {
		f.Relative = finite(difference / *f.A.Mean)
	}
	return f
}

// among are the values of runs that others have a value of, too.
func among(values, others []value) []value {
	var both []value
	for _, v := range values {
		if slices.ContainsFunc(others, func(o value) bool { return o.run == v.run }) {
			both = append(both, v)
		}
	}
	return both
}

func numbers(values []value) []float64 {
	all := make([]float64, len(values))
	for i, v := range values {
		all[i] = v.value
	}
	return all
}

func meanOf(values []float64) RunsMean {
	m := RunsMean{N: len(values)}
	if len(values) > 0 {
		m.Mean = finite(plainMean(values))
	}
	if of, err := interval.OfMean(values); err == nil {
		m.Mean, m.Low, m.High = finite(of.Mean), finite(of.Low), finite(of.High)
	}
	return m
}

func plainMean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// adjust gives all figures their adjusted p-values and verdicts: all groups are one
// family.
func (c *RunsComparison) adjust() {
	var tested []*RunsFigure
	var p []float64
	for i := range c.Groups {
		for j := range c.Groups[i].Figures {
			if f := &c.Groups[i].Figures[j]; f.P != nil {
				tested, p = append(tested, f), append(p, *f.P)
			}
		}
	}
	c.Tests = len(p)
	for i, adjusted := range interval.Holm(p) {
		tested[i].AdjustedP = finite(adjusted)
		tested[i].Exceeds = new(adjusted <= Chance)
	}
}
