package engine

import (
	"testing"
	"time"
)

// Whoever speaks first after a restart, from however many subnets, gets no place of the
// contacts of before (design R4.34).
func TestEclipseAfterARestart(t *testing.T) {
	if racing {
		t.Skip("runs in one goroutine")
	}
	for _, subnets := range []int{50, 200} {
		w := newEclipseWorld(t, 61, 10000, false, nil)
		w.start(nil)
		if r := w.join(3); r.Err != nil {
			t.Fatal(r.Err)
		}
		w.run(time.Minute, func() bool { return false })
		saved, known := w.e.Snapshot(), w.e.table.Len()
		w.attackFrom(subnets)
		w.start(saved)
		w.speak(4 * subnets)
		if r := w.join(0); r.Err != nil {
			t.Fatal(r.Err)
		}
		for range 10 {
			w.speak(subnets)
			w.run(6*time.Second, func() bool { return false })
		}
		share, captured := w.share(), w.captured(50)
		t.Logf("%d subnets: %.0f %% of %d contacts (%d before), %d of 50 lookups captured", subnets, 100*share, w.e.table.Len(), known, captured)
		if kept := w.e.table.Kept(); share > 0.4 || captured > 0 || kept > 0 {
			t.Errorf("%d subnets: %.0f %% of the table, %d of 50 lookups captured, %d places kept", subnets, 100*share, captured, kept)
		}
	}
}
