// Package interval says what several runs of a measurement allow to be said: 95 %
// intervals of means, and whether two sets of runs differ. It is pure.
//
// A value is one number a run: the mean of a figure over a run's lookups, or one of its
// percentiles. Runs with seeds of their own are independent of one another, which lookups
// of one run need not be.
//
//   - OfMean is Student's t interval of a mean (Student, "The probable error of a mean",
//     Biometrika 6, 1908).
//   - Welch compares two means of independent runs whose variances may differ (Welch, "The
//     generalization of Student's problem when several different population variances are
//     involved", Biometrika 34, 1947), with the degrees of freedom of Satterthwaite ("An
//     approximate distribution of estimates of variance components", Biometrics Bulletin 2,
//     1946).
//   - Paired compares runs in pairs, as those of the same seed: it is the interval of the
//     mean of their differences.
//   - Holm adjusts the p-values of many tests, so that the chance of any false difference
//     among all of them is at most that of one (Holm, "A simple sequentially rejective
//     multiple test procedure", Scandinavian Journal of Statistics 6, 1979). It does not
//     matter how the tests depend on each other.
//
// All of them but Holm want Least values a side.
//
// The t distribution is an incomplete beta function (Abramowitz and Stegun, Handbook of
// Mathematical Functions, 26.7.1), computed by gonum.org/v1/gonum/mathext. Test vectors
// are those of R.
package interval
