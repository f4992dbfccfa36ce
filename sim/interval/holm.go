package interval

import (
	"cmp"
	"slices"
)

// Holm are the p-values, in their order, adjusted for their number: declaring those that
// are at most some chance makes any false declaration among all of them at most that
// likely.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	adjusted := make([]float64, len(p))
	least := 0.0 // that of the one before: the order stays
	for rank, i := range order {
		least = max(least, min(1, float64(len(p)-rank)*p[i]))
		adjusted[i] = least
	}
	return adjusted
}
