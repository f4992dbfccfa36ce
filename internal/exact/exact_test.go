package exact

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
		close(t, "ln", Ln(x), math.Log(x))
		u := rapid.Float64Range(0x1p-54, 1-0x1p-54).Draw(t, "share")
		close(t, "ln of a share", Ln(u), math.Log(u))
		close(t, "cosine", Cosine(u), math.Cos(2*math.Pi*u))
		y := rapid.Float64Range(-30, 30).Draw(t, "y")
		if got := Exp(y) / math.Exp(y); math.Abs(got-1) > 4e-15 {
			t.Fatalf("exp %v: %v times too much", y, got)
		}
		if got := Power(u, y/30) / math.Pow(u, y/30); math.Abs(got-1) > 1e-13 {
			t.Fatalf("power %v %v: %v times too much", u, y/30, got)
		}
		if got := Factorial(y/30+1) / math.Gamma(y/30+2); math.Abs(got-1) > 1e-13 {
			t.Fatalf("factorial %v: %v times too much", y/30+1, got)
		}
	})
	for what, pair := range map[string][2]float64{
		"ln 1": {Ln(1), 0}, "exp 0": {Exp(0), 1}, "exp of much": {Exp(1e300), math.Inf(1)}, "exp of little": {Exp(-1e300), 0},
		"cosine of nothing": {Cosine(0), 1}, "of a half": {Cosine(0.5), -1}, "of all": {Cosine(1), 1}, "factorial 10": {math.Round(Factorial(10)), 3628800},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %v, want %v", what, pair[0], pair[1])
		}
	}
}

// The tail of the Poisson distribution is the sum of its terms.
func TestPoissonBelow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, mean := rapid.IntRange(0, 60).Draw(t, "n"), rapid.Float64Range(0.01, 40).Draw(t, "mean")
		want := 0.0
		for i := range n + 1 {
			log, _ := math.Lgamma(float64(i) + 1)
			want += math.Exp(float64(i)*math.Log(mean) - mean - log)
		}
		if got := PoissonBelow(n, mean); math.Abs(got-want) > 1e-12 {
			t.Fatalf("at most %d of mean %v: %v, want %v", n, mean, got, want)
		}
	})
}
