package driver

import (
	"os"
	"strings"
	"time"
)

// Boot tells one start of the machine from another, and the time since it, time asleep
// included.
func Boot() (id string, since time.Duration) {
	b, _ := os.ReadFile("/proc/sys/kernel/random/boot_id") // without it the wall clock must do
	return strings.TrimSpace(string(b)), sinceBoot(sleepingClock)
}
