package kad

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestLeapCallsWhatIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Clock
		began := c.Now()
		var called [3]time.Duration
		note := func(i int) func() { return func() { called[i] = c.Now().Sub(began) } }
		c.AfterFunc(time.Hour, note(0))
		c.AfterFunc(25*time.Hour, note(1))
		stop := c.AfterFunc(2*time.Hour, note(2))
		if !stop() || stop() {
			t.Error("a timer that waits is stopped once")
		}
		c.Leap(24 * time.Hour)
		synctest.Wait()
		if called != [3]time.Duration{24 * time.Hour} {
			t.Errorf("after a leap of a day, calls at %v", called)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if called != [3]time.Duration{24 * time.Hour, 25 * time.Hour} {
			t.Errorf("an hour later, calls at %v", called)
		}
	})
}
