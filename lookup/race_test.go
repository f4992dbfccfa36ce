//go:build race

package lookup

// What runs in one goroutine has no races, and takes ten times as long under the detector.
func init() { racing = true }
