package driver

import (
	"testing"
	"testing/synctest"
	"time"
)

// A task that was due long ago when the timer is set for it is no sign of a pause: the timer
// is late from then on only.
func TestOverdueTaskIsNoPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fired := 0
		clock := timer{
			afterFunc: func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop },
			fire:      func() { fired++ },
		}
		now := time.Now()
		clock.set(now, now.Add(-3*time.Minute))
		if late := clock.late(now); late != 0 {
			t.Errorf("the timer is %s late when it is set", late)
		}
		synctest.Wait()
		if fired != 1 {
			t.Errorf("it fired %d times", fired)
		}
		now = now.Add(time.Minute)
		if late := clock.late(now); late != time.Minute {
			t.Errorf("the timer is %s late after a minute", late)
		}
	})
}
