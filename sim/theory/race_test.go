//go:build race

package theory

// The race detector finds nothing in one goroutine and makes it ten times as slow.
func init() { racing = true }
