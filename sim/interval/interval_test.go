package interval

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// sleep is R's data set of that name: hours of sleep that two drugs gave ten patients.
var sleep = [2][]float64{
	{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0},
	{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4},
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %.10g, want %.10g", what, got, want)
	}
}

// What R's t.test prints of the data set sleep.
func TestValuesOfR(t *testing.T) {
	m, err := OfMean(sleep[0]) // t.test(extra)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "the mean", m.Mean, 0.75, 1e-12)
	near(t, "low", m.Low, -0.5297804, 5e-8)
	near(t, "high", m.High, 2.0297804, 5e-8)

	// R subtracts the second from the first.
	w, err := Welch(sleep[1], sleep[0]) // t.test(extra ~ group)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "p of Welch", w.P, 0.07939, 5e-6)
	near(t, "low of Welch", w.Low, -3.3654832, 5e-8)
	near(t, "high of Welch", w.High, 0.2054832, 5e-8)

	p, err := Paired(sleep[1], sleep[0]) // t.test(group1, group2, paired = TRUE)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "p of pairs", p.P, 0.002833, 5e-7)
	near(t, "low of pairs", p.Low, -2.4598858, 5e-8)
	near(t, "high of pairs", p.High, -0.7001142, 5e-8)
}

// p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") of R, and a family of none.
func TestHolmOfR(t *testing.T) {
	want := []float64{0.03, 0.06, 0.06, 0.02}
	for i, got := range Holm([]float64{0.01, 0.04, 0.03, 0.005}) {
		near(t, "adjusted p", got, want[i], 1e-15)
	}
	if got := Holm(nil); len(got) != 0 {
		t.Error(got)
	}
}

// The table of Student's t that books print, for 95 %, and the normal distribution as its
// limit.
func TestLimits(t *testing.T) {
	for df, want := range map[float64]float64{1: 12.7062, 2: 4.30265, 4: 2.77645, 9: 2.26216, 18: 2.10092, 19: 2.09302, 120: 1.97993, 1e6: 1.95997} {
		near(t, "the limit", limit(0.05, df), want, 1e-5*want)
	}
}

// The chance beyond t is the integral of the density, by Simpson's rule.
func TestStudentIsItsDensity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		df := rapid.Float64Range(1, 300).Draw(t, "df")
		to := rapid.Float64Range(0, 12).Draw(t, "t")
		a, _ := math.Lgamma((df + 1) / 2)
		b, _ := math.Lgamma(df / 2)
		scale := math.Exp(a-b) / math.Sqrt(df*math.Pi)
		density := func(x float64) float64 { return scale * math.Pow(1+x*x/df, -(df+1)/2) }
		const parts = 2000
		sum := density(0) + density(to)
		for i := 1; i < parts; i++ {
			sum += float64(2+2*(i%2)) * density(to*float64(i)/parts)
		}
		if want := 1 - 2*sum*to/parts/3; math.Abs(beyond(to, df)-want) > 1e-9 {
			t.Fatalf("%v, want %v", beyond(to, df), want)
		}
		if p := beyond(to, df); p > 1e-9 && p < 0.9 && math.Abs(limit(p, df)-to) > 1e-5*(1+to) {
			t.Fatalf("beyond %v is %v, whose limit is %v", to, p, limit(p, df))
		}
	})
}

// Holm's procedure is the closed test of Bonferroni's: a hypothesis falls if each set of
// hypotheses that it belongs to does.
func TestHolmIsAClosedTest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 8).Draw(t, "p")
		for i, got := range Holm(p) {
			want := 0.0
			for set := range 1 << len(p) {
				if set>>i&1 == 0 {
					continue
				}
				size, least := 0.0, 1.0
				for j := range p {
					if set>>j&1 == 1 {
						size, least = size+1, min(least, p[j])
					}
				}
				want = max(want, min(1, size*least))
			}
			if math.Abs(got-want) > 1e-12 {
				t.Fatalf("p %v: the one at %d becomes %v, want %v", p, i, got, want)
			}
		}
	})
}

var values = rapid.SliceOfN(rapid.Float64Range(-1000, 1000), Least, 30)

// The textbook's formulas, and what follows from them.
func TestWelchAsInTheTextbook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := values.Draw(t, "a"), values.Draw(t, "b")
		moments := func(of []float64) (n, mean, variance float64) {
			n = float64(len(of))
			for _, v := range of {
				mean += v / n
			}
			for _, v := range of {
				variance += (v - mean) * (v - mean) / (n - 1)
			}
			return n, mean, variance
		}
		n, ma, va := moments(a)
		m, mb, vb := moments(b)
		if va/n+vb/m < 1e-3 {
			return // nothing varies: TestNothingVaries
		}
		got, err := Welch(a, b)
		if err != nil {
			t.Fatal(err)
		}
		se := math.Sqrt(va/n + vb/m)
		df := math.Pow(va/n+vb/m, 2) / (math.Pow(va/n, 2)/(n-1) + math.Pow(vb/m, 2)/(m-1))
		if math.Abs(got.P-beyond((mb-ma)/se, df)) > 1e-6 || math.Abs((got.High+got.Low)/2-got.Difference) > 1e-6 {
			t.Fatalf("%+v, want p of t %v, df %v", got, (mb-ma)/se, df)
		}
		if outside := got.Low > 0 || got.High < 0; outside != (got.P < 1-Confidence) && math.Abs(got.P-0.05) > 1e-6 {
			t.Fatalf("the interval says that 0 is outside: %v, p %v", outside, got.P)
		}
		if other, err := Welch(b, a); err != nil || math.Abs(other.P-got.P) > 1e-9 || math.Abs(other.Low+got.High) > 1e-6 {
			t.Fatalf("%+v, and the other way %+v, %v", got, other, err)
		}
	})
}

// Pairs are compared by the interval of their differences.
func TestPairsAreTheirDifferences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := values.Draw(t, "a")
		b := rapid.SliceOfN(rapid.Float64Range(-1000, 1000), len(a), len(a)).Draw(t, "b")
		d := make([]float64, len(a))
		for i := range d {
			d[i] = b[i] - a[i]
		}
		got, err := Paired(a, b)
		want, err2 := OfMean(d)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if math.Abs(got.Difference-want.Mean) > 1e-9 || math.Abs(got.Low-want.Low) > 1e-9 || math.Abs(got.High-want.High) > 1e-9 {
			t.Fatalf("%+v, want %+v", got, want)
		}
	})
}

// Values that do not vary have an interval of no width: equal ones are no difference,
// whatever their rounding, and others are one.
func TestNothingVaries(t *testing.T) {
	alike := func(v float64, n int) []float64 {
		all := make([]float64, n)
		for i := range all {
			all[i] = v
		}
		return all
	}
	for _, c := range []struct {
		a, b []float64
		p    float64
	}{
		{alike(0.1, 10), alike(0.1, 7), 1},
		{alike(0.1, 10), alike(0.30000000000000004-0.2, 10), 1},
		{alike(0, 5), alike(0, 5), 1},
		{alike(3, 5), alike(2, 5), 0},
		{alike(2, 5), alike(3, 5), 0},
	} {
		w, err := Welch(c.a, c.b)
		if err != nil || w.P != c.p || w.Low != w.High {
			t.Errorf("%v and %v: %+v, %v", c.a, c.b, w, err)
		}
		if len(c.a) != len(c.b) {
			continue
		}
		if p, err := Paired(c.a, c.b); err != nil || p.P != c.p || p.Low != p.High {
			t.Errorf("pairs of %v and %v: %+v, %v", c.a, c.b, p, err)
		}
	}
	if m, err := OfMean(alike(0.1, 7)); err != nil || m.Mean != 0.1 || m.Low != 0.1 || m.High != 0.1 || m.SD != 0 {
		t.Errorf("%+v, %v", m, err)
	}
}

// Of too little, and of what is no number, nothing is said.
func TestRefused(t *testing.T) {
	few, enough := []float64{1, 2, 3, 4}, []float64{1, 2, 3, 4, 5}
	for name, wrong := range map[string]float64{"NaN": math.NaN(), "infinite": math.Inf(1), "huge": math.MaxFloat64} {
		bad := append([]float64{wrong, -wrong}, few...)
		_, one := OfMean(bad)
		_, two := Welch(enough, bad)
		_, three := Paired(bad, append(few, 5, 6))
		for _, err := range []error{one, two, three} {
			if !errors.Is(err, ErrNotNumber) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	_, one := OfMean(few)
	_, two := Welch(enough, few)
	_, three := Welch(few, enough)
	_, four := Paired(few, few)
	for i, err := range []error{one, two, three, four} {
		if !errors.Is(err, ErrFew) || err.Error() != "intervals and tests are made of at least 5 runs: here are 4" {
			t.Errorf("%d: %v", i, err)
		}
	}
	if _, err := Paired(enough, append(enough, 6)); !errors.Is(err, ErrNotPairs) {
		t.Error(err)
	}
}

// 95 of 100 intervals hold the true mean, and 5 of 100 tests find what is not there.
func TestCoverage(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	draw := func(n int, sd float64) []float64 {
		all := make([]float64, n)
		for i := range all {
			all[i] = 7 + sd*rng.NormFloat64()
		}
		return all
	}
	const draws = 10_000
	var missed, welch, paired int
	for range draws {
		a, b := draw(5, 1), draw(12, 3)
		if m, _ := OfMean(a); m.Low > 7 || m.High < 7 {
			missed++
		}
		if d, _ := Welch(a, b); d.P < 0.05 {
			welch++
		}
		if d, _ := Paired(a, b[:5]); d.P < 0.05 {
			paired++
		}
	}
	for what, n := range map[string]int{"intervals that miss": missed, "false differences": welch, "of pairs": paired} {
		if n < draws*4/100 || n > draws*6/100 {
			t.Errorf("of %d: %d %s", draws, n, what)
		}
	}
}
