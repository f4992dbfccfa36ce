package report

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// LeastRuns is the number of runs from which on intervals are computed. The unit is the run:
// lookups of one network share its tables and are not independent of one another.
const LeastRuns = 5

// confidence is the level of the intervals.
const confidence = .95

// mean is the mean of values; nil: there are none.
func mean(values []float64) *float64 {
	if len(values) == 0 {
		return nil
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return new(sum / float64(len(values)))
}

// margin is half the width of Student's interval of the mean of what runs measured, one
// value each; nil: there are too few.
func margin(values []float64) *float64 {
	n := float64(len(values))
	if len(values) < LeastRuns {
		return nil
	}
	m, squares := *mean(values), 0.0
	for _, v := range values {
		squares += (v - m) * (v - m)
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile((1 + confidence) / 2)
	return new(t * math.Sqrt(squares/(n-1)/n))
}

// intervals says what the margins of so many runs are, or why there are none.
func intervals(runs int) string {
	switch {
	case runs >= LeastRuns:
		return fmt.Sprintf("± is half of Student's 95 %% interval of the mean over %d runs, each with hosts and keys of its own", runs)
	case runs > 1:
		return fmt.Sprintf("there are no intervals: the unit is the run, and %d are fewer than %d", runs, LeastRuns)
	}
	return fmt.Sprintf("there are no intervals: the unit is the run, as lookups of one network are not independent, and there was one (`--runs %d` has them)", LeastRuns)
}
