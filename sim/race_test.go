//go:build race

package sim

// The race detector makes everything ten times as slow: theory is for runs without it.
func init() { racing = true }
