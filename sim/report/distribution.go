package report

import (
	"math"
	"slices"
)

// A Distribution summarises samples. Without any all of it is zero.
type Distribution struct {
	Mean float64 `json:"mean"`
	SD   float64 `json:"sd"`  // of the sample (n - 1)
	P50  float64 `json:"p50"` // percentiles by nearest rank
	P90  float64 `json:"p90"`
	P95  float64 `json:"p95"`
	P99  float64 `json:"p99"`
	Max  float64 `json:"max"`
	// Histogram counts the samples, least first. Values of more than three digits
	// are rounded to three.
	Histogram []Bin `json:"histogram"`
}

// A Bin is one column of a histogram.
type Bin struct {
	Value float64 `json:"value"`
	Count int     `json:"count"`
}

// NewDistribution summarises samples, which it sorts.
func NewDistribution(samples []float64) Distribution {
	d := Distribution{Histogram: []Bin{}}
	n := len(samples)
	if n == 0 {
		return d
	}
	slices.Sort(samples)
	var sum float64
	for _, v := range samples {
		sum += v
	}
	mean := sum / float64(n)
	var squares float64
	for _, v := range samples {
		squares += (v - mean) * (v - mean)
		bin := threeDigits(v)
		if last := len(d.Histogram) - 1; last >= 0 && d.Histogram[last].Value == bin {
			d.Histogram[last].Count++
		} else {
			d.Histogram = append(d.Histogram, Bin{bin, 1})
		}
	}
	if n > 1 {
		d.SD = rounded(math.Sqrt(squares / float64(n-1)))
	}
	rank := func(p float64) float64 {
		return rounded(samples[max(0, int(math.Ceil(p*float64(n)))-1)])
	}
	d.Mean = rounded(mean)
	d.P50, d.P90, d.P95, d.P99, d.Max = rank(.50), rank(.90), rank(.95), rank(.99), rounded(samples[n-1])
	return d
}

// N is the number of samples.
func (d *Distribution) N() int {
	n := 0
	for _, b := range d.Histogram {
		n += b.Count
	}
	return n
}

// rounded leaves out digits that nobody reads.
func rounded(v float64) float64 { return math.Round(v*1e6) / 1e6 }

// threeDigits rounds to three significant digits.
func threeDigits(v float64) float64 {
	unit := 1.0
	for unit*1000 <= math.Abs(v) {
		unit *= 10
	}
	for v != 0 && math.Abs(v) < unit*100 && unit > 1e-6 {
		unit /= 10
	}
	if unit >= 1 {
		return math.Round(v/unit) * unit
	}
	return rounded(math.Round(v/unit) * unit)
}
