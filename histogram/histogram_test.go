package histogram

import (
	"slices"
	"testing"
)

// A value at a bound counts below it, as in Prometheus (le).
func TestValuesFallIntoTheirBuckets(t *testing.T) {
	h := New([]float64{1, 2.5, 10})
	for _, v := range []float64{0, 1, 1.5, 2.5, 2.6, 10, 11, -1} {
		h.Observe(v)
	}
	if want := []uint64{3, 2, 2, 1}; !slices.Equal(h.Counts, want) || h.Sum != 27.6 || h.Count() != 8 {
		t.Errorf("%+v, want %v", h, want)
	}
	c := h.Clone()
	h.Observe(5)
	if c.Count() != 8 {
		t.Error("a clone has changed")
	}
}
