package report

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawn are samples as measurements bring them: whole numbers or microseconds in
// milliseconds, with many repeated or few.
func drawn(t *rapid.T) []float64 {
	most := rapid.SampledFrom([]int{1, 5, 300, 5_000_000}).Draw(t, "most")
	unit := rapid.SampledFrom([]float64{1, 1000}).Draw(t, "unit")
	return rapid.SliceOfN(rapid.Map(rapid.IntRange(0, most), func(v int) float64 { return float64(v) / unit }), 0, 300).Draw(t, "samples")
}

// A percentile is the least sample such that so many per cent of all are at most
// that.
func naivePercentile(samples []float64, percent int) float64 {
	best := math.Inf(1)
	for _, v := range samples {
		atMost := 0
		for _, other := range samples {
			if other <= v {
				atMost++
			}
		}
		if 100*atMost >= percent*len(samples) {
			best = min(best, v)
		}
	}
	return best
}

func TestDistributionIsTheNaiveOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := drawn(t)
		d := NewDistribution(append([]float64(nil), samples...))
		if d.N() != len(samples) {
			t.Fatalf("it counts %d samples of %d", d.N(), len(samples))
		}
		if len(samples) == 0 {
			if d.Mean != 0 || d.SD != 0 || d.Max != 0 || d.Histogram == nil {
				t.Fatalf("of no samples: %+v", d)
			}
			return
		}
		got := d.figures()[2:]
		for i, percent := range []int{50, 90, 95, 99, 100} {
			if want := naivePercentile(samples, percent); got[i] != rounded(want) {
				t.Errorf("%s is %v, want %v", percentiles[i], got[i], want)
			}
		}
		var sum, squares float64
		for _, v := range samples {
			sum += v
		}
		mean := sum / float64(len(samples))
		for _, v := range samples {
			squares += (v - mean) * (v - mean)
		}
		near(t, "mean", d.Mean, mean)
		if len(samples) > 1 {
			near(t, "sd", d.SD, math.Sqrt(squares/float64(len(samples)-1)))
		}
	})
}

func near(t *rapid.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-6+1e-12*want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// The CDF rises to exactly 1, and at each value is the share of the samples that
// round to it or less.
func TestCDF(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := drawn(t)
		d := NewDistribution(append([]float64(nil), samples...))
		cdf := d.CDF()
		last := Point{Value: -1}
		for _, p := range cdf {
			if p.Value <= last.Value || p.Share <= last.Share {
				t.Errorf("%v comes after %v", p, last)
			}
			last = p
			n := 0
			for _, v := range samples {
				if threeDigits(v) <= p.Value {
					n++
				}
			}
			if want := float64(n) / float64(len(samples)); p.Share != want {
				t.Errorf("P(<=%v) is %v, want %v", p.Value, p.Share, want)
			}
		}
		if len(samples) > 0 && last.Share != 1 {
			t.Errorf("it ends at %v", last.Share)
		}
	})
}

func TestThreeDigits(t *testing.T) {
	for v, want := range map[float64]float64{
		0: 0, 1: 1, 999: 999, 1000: 1000, 1004: 1000, 1005: 1010, 9995: 10_000, 123_456_789: 123_000_000,
		12.34: 12.3, 12.35: 12.4, 0.5: 0.5, 100.4: 100, 99.96: 100, 0.012345: 0.0123, 0.000123: 0.000123, 0.0000004: 0,
	} {
		if got := threeDigits(v); got != want {
			t.Errorf("%v becomes %v, want %v", v, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64Range(0, 1e15).Draw(t, "v")
		if small := rapid.Bool().Draw(t, "small"); small {
			v /= 1e13
		}
		got := threeDigits(v)
		digits, _, _ := strings.Cut(strconv.FormatFloat(got, 'e', -1, 64), "e")
		if len(strings.ReplaceAll(digits, ".", "")) > 3 {
			t.Errorf("%v becomes %v", v, got)
		}
		if math.Abs(got-v) > max(0.0050001*v, 5.0001e-7) {
			t.Errorf("%v becomes %v, too far away", v, got)
		}
		if again := threeDigits(got); again != got {
			t.Errorf("%v becomes %v, and that %v", v, got, again)
		}
	})
}

// Whole numbers stay what they are, however large.
func TestRoundedKeepsWholeNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := float64(rapid.Int64Range(0, 1<<53).Draw(t, "v"))
		if got := rounded(v); got != v {
			t.Errorf("%v becomes %v", v, got)
		}
	})
}
