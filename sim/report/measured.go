package report

import (
	"math"
	"strconv"
)

// A measured is a figure of one report.
type measured struct {
	value float64
	known bool
}

func figure(v float64) measured { return measured{v, true} }

// ofSamples is a figure of n samples. It is not known of none.
func ofSamples(v float64, n int) measured { return measured{v, n > 0} }

// proportion is the share of n tries that succeeded.
func proportion(succeeded, n int) measured {
	if n == 0 {
		return measured{}
	}
	return figure(float64(succeeded) / float64(n))
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
