package driver

import "golang.org/x/sys/unix"

// The clock that goes on while the machine sleeps, and the one that stands still, which is
// Go's monotonic clock.
const (
	sleepingClock = unix.CLOCK_BOOTTIME
	wakingClock   = unix.CLOCK_MONOTONIC
)
