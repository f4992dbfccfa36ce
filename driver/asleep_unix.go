//go:build darwin || linux

package driver

import (
	"time"

	"golang.org/x/sys/unix"
)

// Asleep is how long the machine has slept since it started.
func Asleep() time.Duration { return max(0, sinceBoot(sleepingClock)-sinceBoot(wakingClock)) }

// sinceBoot is the time of one of the system's clocks, which start with the machine.
func sinceBoot(clock int32) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(clock, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
