//go:build unix

package browsertest

import (
	"syscall"
	"testing"
	"time"

	"kadmium"
)

// cpuTime is what this process has used so far.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// What the page costs a resting network of 20 nodes, all in this process, while somebody
// looks: less than 2 % of a core more than while nobody does.
func TestCost(t *testing.T) {
	n := startOf(t, kadmium.DefaultK) // alone: the figure is of the process
	b := openBrowser(t)
	share := func() float64 {
		const interval = 8 * time.Second // of the measurement: four looks at the node
		before, began := cpuTime(t), time.Now()
		time.Sleep(interval)
		return 100 * float64(cpuTime(t)-before) / float64(time.Since(began))
	}
	unseen := share()
	b.open(n.url + n.token)
	b.until(contacts + " === 19")
	seen := share()
	t.Logf("of a core: %.2f %% unseen, %.2f %% seen", unseen, seen)
	if seen-unseen > 2 {
		t.Errorf("looking costs %.2f %% of a core", seen-unseen)
	}
}
