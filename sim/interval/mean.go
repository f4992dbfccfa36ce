package interval

import (
	"errors"
	"fmt"
	"math"
)

// Confidence is that of all intervals.
const Confidence = 0.95

// Least is the least number of values, a side, from which something is said: the t
// distribution is a good description of fewer only where they are nearly normal, and
// intervals of fewer are several times as wide as the values vary.
const Least = 5

// Errors of OfMean, Welch and Paired.
var (
	ErrFew       = fmt.Errorf("intervals and tests are made of at least %d runs", Least)
	ErrNotNumber = errors.New("a value is no finite number")
	ErrNotPairs  = errors.New("pairs need as many values on both sides")
)

// A Mean is the mean of values and its interval.
type Mean struct {
	N         int
	Mean, SD  float64 // of the sample (n - 1)
	Low, High float64
}

// OfMean is the mean of independent values with Student's interval. Its error is ErrFew or
// ErrNotNumber.
func OfMean(values []float64) (Mean, error) {
	s, err := summarised(values)
	if err != nil {
		return Mean{}, err
	}
	half := limit(1-Confidence, s.n-1) * math.Sqrt(s.variance/s.n)
	return Mean{N: len(values), Mean: s.mean, SD: math.Sqrt(s.variance), Low: s.mean - half, High: s.mean + half}, nil
}

// A summary is what all computations begin with.
type summary struct{ n, mean, variance float64 }

// summarised is the summary of at least Least finite values.
func summarised(values []float64) (summary, error) {
	if len(values) < Least {
		return summary{}, fmt.Errorf("%w: here are %d", ErrFew, len(values))
	}
	n, first := float64(len(values)), values[0]
	// Sums of differences from one of the values: values that are all the same have
	// exactly that mean, and no variance.
	var sum float64
	for _, v := range values {
		sum += v - first
	}
	mean := first + sum/n
	var squares float64
	for _, v := range values {
		// The conversion forbids a fused multiply-add, which only some machines have.
		squares += float64((v - mean) * (v - mean))
	}
	if math.IsNaN(squares) || math.IsInf(squares, 0) {
		return summary{}, ErrNotNumber
	}
	return summary{n, mean, squares / (n - 1)}, nil
}
