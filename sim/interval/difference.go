package interval

import (
	"fmt"
	"math"
)

// A Difference is that of two means, b - a, with its interval and two-sided t test.
type Difference struct {
	Difference float64
	Low, High  float64
	P          float64 // the chance of one at least so large where there is none
}

// Welch compares the means of two sets of independent values. Its error is ErrFew or
// ErrNotNumber.
func Welch(a, b []float64) (Difference, error) {
	x, err := summarised(a)
	if err != nil {
		return Difference{}, err
	}
	y, err := summarised(b)
	if err != nil {
		return Difference{}, err
	}
	u, v := x.variance/x.n, y.variance/y.n
	df := x.n + y.n - 2
	if u+v > 0 {
		// The shares of both in the variance, whose squares cannot overflow.
		p, q := u/(u+v), v/(u+v)
		df = 1 / (float64(p*p)/(x.n-1) + float64(q*q)/(y.n-1))
	}
	return tested(y.mean-x.mean, math.Sqrt(u+v), df, max(math.Abs(x.mean), math.Abs(y.mean))), nil
}

// Paired compares a[i] with b[i]; the pairs are independent of one another. Its error is
// ErrNotPairs, ErrFew or ErrNotNumber.
func Paired(a, b []float64) (Difference, error) {
	if len(a) != len(b) {
		return Difference{}, fmt.Errorf("%w: here are %d and %d", ErrNotPairs, len(a), len(b))
	}
	differences := make([]float64, len(a))
	most := 0.0
	for i := range a {
		differences[i] = b[i] - a[i]
		most = max(most, math.Abs(a[i]), math.Abs(b[i]))
	}
	d, err := summarised(differences)
	if err != nil {
		return Difference{}, err
	}
	return tested(d.mean, math.Sqrt(d.variance/d.n), d.n-1, most), nil
}

// tested is the difference with its test. What is below the precision of numbers as large
// as most counts as 0. Without a standard error any difference is one.
func tested(difference, standardError, df, most float64) Difference {
	const precision = 10 * 0x1p-52
	if math.Abs(difference) <= precision*most {
		difference = 0
	}
	if standardError <= precision*most {
		standardError = 0
	}
	d := Difference{Difference: difference, Low: difference, High: difference, P: 1}
	switch {
	case standardError > 0:
		half := limit(1-Confidence, df) * standardError
		d.Low, d.High = difference-half, difference+half
		d.P = beyond(difference/standardError, df)
	case difference != 0:
		d.P = 0
	}
	return d
}
