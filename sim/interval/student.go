package interval

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// beyond is the chance that Student's t with df degrees of freedom is at least as far from
// 0 as t.
func beyond(t, df float64) float64 {
	square := t * t
	switch {
	case math.IsInf(square, 0):
		return 0
	case square < 1: // df/(df+square) would lose its digits
		return 1 - mathext.RegIncBeta(0.5, df/2, square/(df+square))
	}
	return mathext.RegIncBeta(df/2, 0.5, df/(df+square))
}

// limit is the t that chance takes Student's t beyond, on either side, with the given
// probability.
func limit(chance, df float64) float64 {
	x := mathext.InvRegIncBeta(df/2, 0.5, chance)
	return math.Sqrt(df * (1 - x) / x)
}
