package sim

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Logarithms, powers and cosines are those of package math, but for the last places.
func TestExact(t *testing.T) {
	close := func(t *rapid.T, what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 4e-15*max(1, math.Abs(want)) {
			t.Fatalf("%s: %v, want %v", what, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64Range(1e-300, 1e300).Draw(t, "x")
		close(t, "ln", ln(x), math.Log(x))
		u := unit(rapid.Uint64().Draw(t, "random"))
		close(t, "ln of a share", ln(u), math.Log(u))
		close(t, "cosine", cosine(u), math.Cos(2*math.Pi*u))
		y := rapid.Float64Range(-30, 30).Draw(t, "y")
		if got := exp(y) / math.Exp(y); math.Abs(got-1) > 4e-15 {
			t.Fatalf("exp %v: %v times too much", y, got)
		}
		if got := power(u, y/30) / math.Pow(u, y/30); math.Abs(got-1) > 1e-13 {
			t.Fatalf("power %v %v: %v times too much", u, y/30, got)
		}
		if got := factorial(y/30+1) / math.Gamma(y/30+2); math.Abs(got-1) > 1e-13 {
			t.Fatalf("factorial %v: %v times too much", y/30+1, got)
		}
	})
	for what, pair := range map[string][2]float64{
		"ln 1": {ln(1), 0}, "exp 0": {exp(0), 1}, "exp of much": {exp(1e300), math.Inf(1)}, "exp of little": {exp(-1e300), 0},
		"cosine of nothing": {cosine(0), 1}, "of a half": {cosine(0.5), -1}, "of all": {cosine(1), 1}, "factorial 10": {math.Round(factorial(10)), 3628800},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %v, want %v", what, pair[0], pair[1])
		}
	}
}
