//go:build !unix

package bench

// MayOpen is how many files the process may have open.
func MayOpen() (limit uint64, known bool) { return 0, false }
