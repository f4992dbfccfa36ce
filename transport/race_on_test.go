//go:build race

package transport

// Under the race detector sync.Pool drops buffers at random.
const raceDetector = true
