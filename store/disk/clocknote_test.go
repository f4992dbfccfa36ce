package disk

import (
	"testing"
	"testing/synctest"
	"time"

	"kadmium/store"
)

// Each transaction notes the clocks; where there is nothing else to write, notes come no
// closer than they must.
func TestClockNote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		j := open(t, dir)
		if n, err := j.ClockNote(); err != nil || n != (ClockNote{}) {
			t.Errorf("a new journal has note %+v, %v", n, err)
		}
		begun := time.Now()
		j.SetClock(func() ClockNote {
			now := time.Unix(0, time.Now().UnixNano())
			return ClockNote{Boot: "boot", SinceBoot: time.Since(begun), Wall: now.Add(time.Hour), Time: now}
		})
		mustWrite(t, j, set(store.RecordEntry, "a", "1"))
		first := transaction(t, j)
		for range 10 {
			time.Sleep(noteAtLeast / 5)
			j.NoteClock(nil)
		}
		mustWrite(t, j)
		if n := transaction(t, j) - first; n != 2 {
			t.Errorf("%d notes in %s", n, 2*noteAtLeast)
		}
		j.Close()
		n, err := open(t, dir).ClockNote()
		want := ClockNote{Boot: "boot", SinceBoot: 2 * noteAtLeast, Wall: begun.Add(time.Hour + 2*noteAtLeast), Time: begun.Add(2 * noteAtLeast)}
		if err != nil || n.Boot != want.Boot || n.SinceBoot != want.SinceBoot || !n.Wall.Equal(want.Wall) || !n.Time.Equal(want.Time) {
			t.Errorf("got %+v, %v\nwant %+v", n, err, want)
		}
	})
}
