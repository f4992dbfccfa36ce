package sim

import "math"

// Logarithms, powers and cosines that are the same to the last bit on every machine.
//
// Those of package math are not. Some are written in assembly that uses a fused
// multiply-add, which rounds once, where the processor has one. The Go compiler does the
// same to x*y+z, also across statements, where every processor of the architecture has
// one (arm64), unless the product is converted to float64. So throughout this package
// every product that is an operand of an addition is converted.
//
// The results differ from those of package math by one or two units in the last place.

// ln is the natural logarithm of a positive x. With fraction f and exponent n it is
// n ln 2 + 2 artanh((f-1)/(f+1)).
func ln(x float64) float64 {
	fraction, exponent := math.Frexp(x)
	if fraction < math.Sqrt2/2 {
		fraction, exponent = 2*fraction, exponent-1
	}
	s := (fraction - 1) / (fraction + 1)
	square := s * s // at most 0.0295
	sum := 0.0
	for n := 21.0; n >= 1; n -= 2 {
		sum = 1/n + float64(sum*square)
	}
	return float64(2*s*sum) + float64(float64(exponent)*math.Ln2)
}

// exp is e to the power of x: a power of two, times the series of the remainder.
func exp(x float64) float64 {
	whole := math.Round(x * math.Log2E)
	rest := x - float64(whole*math.Ln2) // at most 0.35
	sum := 1.0
	for n := 14.0; n >= 1; n-- {
		sum = 1 + float64(sum*rest/n)
	}
	return math.Ldexp(sum, int(max(-2000, min(whole, 2000))))
}

// power is x to the power of y, for positive x.
func power(x, y float64) float64 { return exp(y * ln(x)) }

// cosine is the cosine of a part of a full turn, from 0 to 1.
func cosine(part float64) float64 {
	part = min(part, 1-part)
	sign := 1.0
	if part > 0.25 {
		part, sign = 0.5-part, -1
	}
	square := 2 * math.Pi * part
	square *= square
	sum := 1.0
	for n := 22.0; n >= 2; n -= 2 {
		sum = 1 - float64(sum*square/(n*(n-1)))
	}
	return sign * sum
}

// factorial is Euler's gamma function of x+1, by Stirling's series.
func factorial(x float64) float64 {
	below := 1.0
	for x < 20 {
		x++
		below *= x
	}
	square := x * x
	series := (1.0/12 - (1.0/360-(1.0/1260-1/(1680*square))/square)/square) / x
	return math.Sqrt(2*math.Pi*x) * exp(float64(x*ln(x))-x+series) / below
}
