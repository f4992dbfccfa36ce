package session

import (
	"testing"

	"pgregory.net/rapid"
)

// naiveWindow remembers everything.
type naiveWindow struct {
	seen    map[uint64]bool
	highest uint64
}

func (n *naiveWindow) check(c uint64) bool {
	return !n.seen[c] && (len(n.seen) == 0 || c > n.highest || n.highest+1-c <= WindowSize)
}

func (n *naiveWindow) mark(c uint64) {
	n.seen[c] = true
	n.highest = max(n.highest, c)
}

func TestWindowAgainstNaiveModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w Window
		model := naiveWindow{seen: map[uint64]bool{}}
		step := rapid.OneOf(rapid.Int64Range(-2*WindowSize, 2*WindowSize), rapid.Int64Range(-70, 70), rapid.Int64Range(0, 1<<40))
		at := rapid.OneOf(rapid.Uint64Range(0, 300), rapid.Uint64Range(1<<62, 1<<63)).Draw(t, "start")
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			s := step.Draw(t, "step")
			c := at + uint64(s)
			if s < 0 && uint64(-s) > at {
				c = 0
			}
			want := model.check(c)
			if got := w.Check(c); got != want {
				t.Fatalf("counter %d with highest %d: new %v, want %v", c, model.highest, got, want)
			}
			if want {
				w.Mark(c)
				model.mark(c)
			}
			at = model.highest
		}
	})
}

func TestWindowEdges(t *testing.T) {
	var w Window
	for _, test := range []struct {
		counter uint64
		fresh   bool
	}{
		{0, true}, {0, false}, {1, true}, {WindowSize, true}, {1, false}, {2, true},
		{3 * WindowSize, true}, {2*WindowSize + 1, true}, {2 * WindowSize, false}, {2*WindowSize + 1, false},
		{1 << 40, true}, {1<<40 - WindowSize + 1, true}, {1<<40 - WindowSize, false}, {3*WindowSize + 1, false},
	} {
		got := w.Check(test.counter)
		if got != test.fresh {
			t.Fatalf("counter %d: new %v, want %v", test.counter, got, test.fresh)
		}
		if got {
			w.Mark(test.counter)
		}
	}
}
