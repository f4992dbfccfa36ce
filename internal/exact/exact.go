// Package exact has logarithms, powers, cosines and tails of distributions that are the same
// to the last bit on every machine, for the simulator and for the rules that run in it.
//
// Those of package math are not. Some are written in assembly that uses a fused
// multiply-add, which rounds once, where the processor has one. The Go compiler does the
// same to x*y+z, also across statements, where every processor of the architecture has
// one (arm64), unless the product is converted to float64. So throughout this package
// every product that is an operand of an addition is converted.
//
// The results differ from those of package math by one or two units in the last place.
package exact

import "math"

// Ln is the natural logarithm of a positive x. With fraction f and exponent n it is
// n ln 2 + 2 artanh((f-1)/(f+1)).
func Ln(x float64) float64 {
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

// Exp is e to the power of x: a power of two, times the series of the remainder.
func Exp(x float64) float64 {
	whole := math.Round(x * math.Log2E)
	rest := x - float64(whole*math.Ln2) // at most 0.35
	sum := 1.0
	for n := 14.0; n >= 1; n-- {
		sum = 1 + float64(sum*rest/n)
	}
	return math.Ldexp(sum, int(max(-2000, min(whole, 2000))))
}

// Power is x to the power of y, for positive x.
func Power(x, y float64) float64 { return Exp(y * Ln(x)) }

// Cosine is the cosine of a part of a full turn, from 0 to 1.
func Cosine(part float64) float64 {
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

// Factorial is Euler's gamma function of x+1, by Stirling's series.
func Factorial(x float64) float64 {
	below := 1.0
	for x < 20 {
		x++
		below *= x
	}
	square := x * x
	series := (1.0/12 - (1.0/360-(1.0/1260-1/(1680*square))/square)/square) / x
	return math.Sqrt(2*math.Pi*x) * Exp(float64(x*Ln(x))-x+series) / below
}

// PoissonBelow is the probability that a Poisson variable of a mean is at most n.
func PoissonBelow(n int, mean float64) float64 {
	term, sum := 1.0, 0.0
	for i := range n + 1 {
		if i > 0 {
			term *= mean / float64(i)
		}
		sum += term
	}
	return min(1, sum*Exp(-mean))
}
