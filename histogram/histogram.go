// Package histogram counts values in buckets of fixed bounds, for figures whose spread
// matters: it has no clock and no lock.
package histogram

import "slices"

// A Histogram counts values. Those that share their Bounds can be added up.
type Histogram struct {
	Bounds []float64 `json:"bounds"` // ascending; not to be changed
	Counts []uint64  `json:"counts"` // of the values up to each bound and over the one before, and last of those over all
	Sum    float64   `json:"sum"`    // of all values
}

// New is an empty histogram of the bounds, which are ascending.
func New(bounds []float64) Histogram {
	return Histogram{Bounds: bounds, Counts: make([]uint64, len(bounds)+1)}
}

// Observe counts a value.
func (h *Histogram) Observe(v float64) {
	i, _ := slices.BinarySearch(h.Bounds, v)
	h.Counts[i]++
	h.Sum += v
}

// Count is the number of values counted.
func (h Histogram) Count() (n uint64) {
	for _, c := range h.Counts {
		n += c
	}
	return n
}

// Clone is a copy that further values do not change.
func (h *Histogram) Clone() Histogram {
	return Histogram{Bounds: h.Bounds, Counts: slices.Clone(h.Counts), Sum: h.Sum}
}
