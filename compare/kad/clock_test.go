package kad

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestLeapCallsWhatIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Clock
		began := c.Now()
		var mu sync.Mutex
		var called [3]time.Duration
		note := func(i int) func() {
			return func() {
				mu.Lock()
				defer mu.Unlock()
				called[i] = c.Now().Sub(began)
			}
		}
		want := func(when string, at ...time.Duration) {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(called[:], at) {
				t.Errorf("%s, calls at %v, want %v", when, called, at)
			}
		}
		c.AfterFunc(time.Hour, note(0))
		c.AfterFunc(25*time.Hour, note(1))
		stop := c.AfterFunc(2*time.Hour, note(2))
		if !stop() || stop() {
			t.Error("a timer that waits is stopped once")
		}
		c.Leap(24 * time.Hour)
		want("after a leap of a day", 24*time.Hour, 0, 0)
		time.Sleep(time.Hour)
		want("an hour later", 24*time.Hour, 25*time.Hour, 0)
	})
}
