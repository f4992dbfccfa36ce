package engine

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Newcomers are remembered, and the oldest are forgotten when there are too many. They
// are fresh for at least one period and at most two, whichever are forgotten meanwhile. One that has left
// is new again an hour after it was new.
func TestNewcomers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type added struct {
			peer uint64
			at   time.Time
			left bool
		}
		var model []added
		find := func(peer uint64) int {
			for i, m := range model {
				if m.peer == peer {
					return i
				}
			}
			return -1
		}
		now, n := epoch, new(newcomers)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 30, 60, 90, 600, 3600}).Draw(t, "seconds")) * time.Second)
			peer := rapid.Uint64Range(0, 40).Draw(t, "peer")
			at := find(peer)
			if rapid.IntRange(0, 4).Draw(t, "leave") == 0 {
				n.left(peer)
				if at >= 0 {
					model[at].left = true
				}
				continue
			}
			again := at >= 0 && model[at].left && now.Sub(model[at].at) >= handedOnce
			if added := n.add(now, peer); added != (at < 0 || again) {
				t.Fatalf("peer %d added: %v, model %v", peer, added, model)
			}
			if again {
				model = append(model[:at], model[at+1:]...)
				at = -1
			}
			if at < 0 {
				model = append(model, added{peer: peer, at: now})
			} else {
				model[at].left = false
			}
			for _, m := range model {
				age, fresh := now.Sub(m.at), n.fresh(m.peer)
				if age < freshFor && !fresh || age >= 2*freshFor && fresh {
					t.Fatalf("peer %d, added %v ago, is fresh: %v", m.peer, age, fresh)
				}
			}
			if n.fresh(99) {
				t.Fatal("a stranger is fresh")
			}
		}
	})
}

func TestNewcomersAreBounded(t *testing.T) {
	n := new(newcomers)
	for peer := range uint64(2 * maxNewcomers) {
		n.add(epoch, peer)
	}
	if len(n.peers.all) != maxNewcomers || n.fresh(maxNewcomers-1) || !n.fresh(maxNewcomers) {
		t.Errorf("%d peers remembered; the oldest kept is fresh: %v, the one before: %v", len(n.peers.all), n.fresh(maxNewcomers), n.fresh(maxNewcomers-1))
	}
	n.left(0)
	(*newcomers)(nil).left(1)
	if (*newcomers)(nil).fresh(1) {
		t.Error("somebody is fresh of none")
	}
}
