package theory

import "math"

// negligible is a chance that is left out.
const negligible = 1e-6

var logNegligible = math.Log(negligible)

// binomial is the distribution of the successes among n trials, up to most; what is beyond
// counts as most.
func binomial(n int, p float64, most int) []float64 {
	all := make([]float64, most+1)
	if p >= 1 {
		all[min(n, most)] = 1
		return all
	}
	sum, logP, logQ := 0.0, math.Log(p), math.Log1p(-p)
	for i := range min(n, most) + 1 {
		all[i] = math.Exp(logChoose(float64(n), float64(i)) + float64(float64(i)*logP) + float64(float64(n-i)*logQ))
		sum += all[i]
	}
	if n > most {
		all[most] += max(0, 1-sum)
	}
	return all
}

// hypergeometric is the distribution of the marked among so many drawn from a number of
// which some are marked.
func hypergeometric(of, marked float64, drawn int) []float64 {
	all := make([]float64, drawn+1)
	total := logChoose(of, float64(drawn))
	for i := range all {
		if float64(i) > marked || float64(drawn-i) > of-marked {
			continue
		}
		if l := logChoose(marked, float64(i)) + logChoose(of-marked, float64(drawn-i)) - total; l > logNegligible {
			all[i] = math.Exp(l)
		}
	}
	return all
}

// logFactorials are the logarithms of the factorials of small numbers.
var logFactorials = func() (all [4 * exact]float64) {
	for i := 2; i < len(all); i++ {
		all[i] = all[i-1] + math.Log(float64(i))
	}
	return all
}()

// logChoose is the logarithm of a binomial coefficient.
func logChoose(n, k float64) float64 {
	if i := int(n); i < len(logFactorials) && float64(i) == n {
		return logFactorials[i] - logFactorials[int(k)] - logFactorials[i-int(k)]
	}
	a, _ := math.Lgamma(n + 1)
	b, _ := math.Lgamma(k + 1)
	c, _ := math.Lgamma(n - k + 1)
	return a - b - c
}
