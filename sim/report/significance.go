package report

import (
	"math"
	"strconv"
)

// Limit is the number of standard errors from which on a difference counts. Between two
// measurements of the same thing chance exceeds it about 3 times in 1,000.
const Limit = 3

// A measured is a figure of one report, with what its standard error is computed from.
type measured struct {
	value, sd float64
	n         int // samples
	known     bool
}

// figure is a figure without samples.
func figure(v float64) measured { return measured{value: v, known: true} }

// percentile is a percentile of n samples.
func percentile(v float64, n int) measured { return measured{value: v, n: n, known: n > 0} }

// mean is the mean of n samples.
func mean(v, sd float64, n int) measured { return measured{v, sd, n, n > 0} }

// proportion is the share of n tries that succeeded.
func proportion(succeeded, n int) measured {
	if n == 0 {
		return measured{}
	}
	return measured{value: float64(succeeded) / float64(n), n: n, known: true}
}

func (m measured) pointer() *float64 {
	if !m.known {
		return nil
	}
	return finite(m.value)
}

// finite is v rounded to nine digits, so that the order of the computation does not show;
// nil if JSON cannot represent it.
func finite(v float64) *float64 {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return nil
	}
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 9, 64), 64)
	if math.IsInf(v, 0) { // the very largest rounds up to it
		return nil
	}
	return &v
}

// A standardError computes the standard error of a difference, if it is known.
type standardError func(a, b measured) (float64, bool)

func none(measured, measured) (float64, bool) { return 0, false }

// welch is the standard error of the difference of two means with different variances
// (Welch, 1947). One sample has no variance.
func welch(a, b measured) (float64, bool) {
	if a.n < 2 || b.n < 2 {
		return 0, false
	}
	return math.Sqrt(a.sd*a.sd/float64(a.n) + b.sd*b.sd/float64(b.n)), true
}

// pooled is the standard error of the difference of two proportions, by their pooled
// proportion. The separate standard errors would be 0 if none or all succeeded.
func pooled(a, b measured) (float64, bool) {
	n, m := float64(a.n), float64(b.n)
	p := (a.value*n + b.value*m) / (n + m)
	// Rounding may put p just above 1.
	return math.Sqrt(max(0, p*(1-p)) * (1/n + 1/m)), true
}

// exceeds reports whether a difference is more than Limit standard errors. If they are 0
// every difference is.
func exceeds(difference, se float64) bool { return math.Abs(difference) > Limit*se }

// critical is the largest difference of the distribution functions of n and m samples of
// the same distribution that chance exceeds once in 1,000 times (Kolmogorov and Smirnov,
// for many samples). It is exceeded less often if values repeat, as hops do.
func critical(n, m int) float64 {
	const alpha = 0.001
	return math.Sqrt(-math.Log(alpha/2)/2) * math.Sqrt(1/float64(n)+1/float64(m))
}
