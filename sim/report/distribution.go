package report

import (
	"math"
	"slices"
)

// A Distribution summarises samples. Without samples it is zero.
type Distribution struct {
	Mean float64 `json:"mean"`
	SD   float64 `json:"sd"`  // of the sample (n - 1)
	P50  float64 `json:"p50"` // percentiles by nearest rank
	P90  float64 `json:"p90"`
	P95  float64 `json:"p95"`
	P99  float64 `json:"p99"`
	Max  float64 `json:"max"`
	// Histogram counts the samples, least first. Values are rounded to three
	// significant digits, halves up.
	Histogram []Bin `json:"histogram"`
}

// A Bin is one column of a histogram.
type Bin struct {
	Value float64 `json:"value"`
	Count int     `json:"count"`
}

// NewDistribution summarises samples. It sorts them.
func NewDistribution(samples []float64) Distribution {
	d := Distribution{Histogram: []Bin{}}
	n := len(samples)
	if n == 0 {
		return d
	}
	slices.Sort(samples)
	var sum float64
	for i, v := range samples {
		sum += v
		if i > 0 && v == samples[i-1] {
			d.Histogram[len(d.Histogram)-1].Count++
			continue
		}
		bin := threeDigits(v)
		if last := len(d.Histogram) - 1; last >= 0 && d.Histogram[last].Value == bin {
			d.Histogram[last].Count++
		} else {
			d.Histogram = append(d.Histogram, Bin{bin, 1})
		}
	}
	mean := sum / float64(n)
	if n > 1 {
		var squares float64
		for _, v := range samples {
			// The conversion forbids a fused multiply-add, which only some machines have.
			squares += float64((v - mean) * (v - mean))
		}
		d.SD = rounded(math.Sqrt(squares / float64(n-1)))
	}
	rank := func(percent int) float64 { return rounded(samples[(n*percent+99)/100-1]) }
	d.Mean = rounded(mean)
	d.P50, d.P90, d.P95, d.P99, d.Max = rank(50), rank(90), rank(95), rank(99), rank(100)
	return d
}

// figures are all fields except the histogram, in their order.
func (d *Distribution) figures() []float64 {
	return []float64{d.Mean, d.SD, d.P50, d.P90, d.P95, d.P99, d.Max}
}

// percentiles are the names of the figures that are percentiles, in their order.
var percentiles = []string{"p50", "p90", "p95", "p99", "max"}

// N is the number of samples.
func (d *Distribution) N() int {
	n := 0
	for _, b := range d.Histogram {
		n += b.Count
	}
	return n
}

// A Point of a CDF says which share of the samples is at most Value.
type Point struct {
	Value, Share float64
}

// CDF is the distribution function: a point for each column of the histogram.
func (d *Distribution) CDF() []Point {
	n, below := float64(d.N()), 0
	points := make([]Point, len(d.Histogram))
	for i, b := range d.Histogram {
		below += b.Count
		points[i] = Point{b.Value, float64(below) / n}
	}
	return points
}

// rounded rounds to six decimal places. Large numbers have none.
func rounded(v float64) float64 {
	if math.Abs(v) >= 1<<33 {
		return v
	}
	return math.Round(v*1e6) / 1e6
}

// threeDigits rounds to three significant digits, and to six decimal places.
func threeDigits(v float64) float64 {
	a := math.Abs(v)
	unit, parts := 1.0, 1.0 // powers of ten, which are exact; tenths are not
	for unit*1000 <= a {
		unit *= 10
	}
	for a*parts < 100 && parts < 1e6 {
		parts *= 10
	}
	return math.Round(v*parts/unit) / parts * unit
}
