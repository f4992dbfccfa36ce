//go:build darwin || linux

package driver

import (
	"testing"
	"time"
)

// The system's clocks that tell how long it slept can be read.
func TestAsleep(t *testing.T) {
	first := Asleep()
	if again := Asleep(); again < first-clockStep || again > first+time.Second {
		t.Errorf("asleep for %s, then %s", first, again)
	}
}
