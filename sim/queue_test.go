package sim

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Events come out by their time, those of one time by their turn, however puts and takes
// alternate.
func TestQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		var waiting []event // sorted, stably
		number := uint32(0)
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			if len(waiting) == 0 || rapid.IntRange(0, 2).Draw(t, "put") > 0 {
				number++
				e := event{at: time.Duration(rapid.IntRange(0, 20).Draw(t, "at")), turn: uint64(number), node: number, kind: tick}
				q.put(e)
				at, _ := slices.BinarySearchFunc(waiting, e.at+1, func(w event, at time.Duration) int { return int(w.at - at) })
				waiting = slices.Insert(waiting, at, e)
				continue
			}
			if got := q.take(); got.node != waiting[0].node || got.at != waiting[0].at {
				t.Fatalf("took event %d of %d, want event %d of %d", got.node, got.at, waiting[0].node, waiting[0].at)
			}
			waiting = waiting[1:]
		}
		for _, want := range waiting {
			if q.empty() || q.take().node != want.node {
				t.Fatal("the rest is out of order")
			}
		}
		if !q.empty() {
			t.Fatal("it is not empty")
		}
	})
}
