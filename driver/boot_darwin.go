package driver

import (
	"time"

	"golang.org/x/sys/unix"
)

// Boot tells one start of the machine from another, and the time since it, time asleep
// included.
func Boot() (id string, since time.Duration) {
	id, _ = unix.Sysctl("kern.bootsessionuuid") // without it the wall clock must do
	return id, sinceBoot(sleepingClock)
}
