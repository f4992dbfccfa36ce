package report

import (
	"math"
	"strconv"
)

// Limit is by how many standard errors a difference exceeds chance. Between
// measurements of the same thing that happens about 3 times in 1,000.
const Limit = 3

// A measured is a figure of one report with what is needed to judge it.
type measured struct {
	value, sd float64
	n         int // samples
	known     bool
}

// figure is one without samples behind it.
func figure(v float64) measured { return measured{value: v, known: true} }

// percentile is one of n samples.
func percentile(v float64, n int) measured { return measured{value: v, n: n, known: n > 0} }

// mean is that of n samples.
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

// finite is v to nine digits, which hide how it was computed; nil if JSON has no
// form for it.
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

// A standardError is that of the difference of two figures, if it can be told.
type standardError func(a, b measured) (float64, bool)

func none(measured, measured) (float64, bool) { return 0, false }

// welch is the standard error of the difference of two means whose variances need
// not be the same. A single sample says nothing about its own.
func welch(a, b measured) (float64, bool) {
	if a.n < 2 || b.n < 2 {
		return 0, false
	}
	return math.Sqrt(a.sd*a.sd/float64(a.n) + b.sd*b.sd/float64(b.n)), true
}

// pooled is the standard error of the difference of two proportions, from their
// common one: those of each would be 0 where none or all succeeded.
func pooled(a, b measured) (float64, bool) {
	n, m := float64(a.n), float64(b.n)
	p := (a.value*n + b.value*m) / (n + m)
	// Of rounding p may be just above 1.
	return math.Sqrt(max(0, p*(1-p)) * (1/n + 1/m)), true
}

// exceeds reports whether a difference is more than chance brings. Without any
// deviation every difference is.
func exceeds(difference, se float64) bool { return math.Abs(difference) > Limit*se }

// critical is what the largest difference of the distribution functions of n and m
// samples from one distribution exceeds once in 1,000 times: Kolmogorov and
// Smirnov's bound for many samples. Where values repeat, as hops do, it happens
// less often.
func critical(n, m int) float64 {
	const alpha = 0.001
	return math.Sqrt(-math.Log(alpha/2)/2) * math.Sqrt(1/float64(n)+1/float64(m))
}
