package engine

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Newcomers are remembered, and the oldest are forgotten when there are too many. They
// are fresh for at least one period and at most two, whichever are forgotten meanwhile.
func TestNewcomers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type added struct {
			peer uint64
			at   time.Time
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
			now = now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
			peer := rapid.Uint64Range(0, 40).Draw(t, "peer")
			at := find(peer)
			if rapid.IntRange(0, 4).Draw(t, "forget") == 0 {
				n.forget(peer)
				if at >= 0 {
					model = append(model[:at], model[at+1:]...)
				}
				continue
			}
			if added := n.add(now, peer); added != (at < 0) {
				t.Fatalf("peer %d added: %v, model %v", peer, added, model)
			}
			if at < 0 {
				model = append(model, added{peer, now})
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
	n.forget(0)
	(*newcomers)(nil).forget(1)
	if (*newcomers)(nil).fresh(1) {
		t.Error("somebody is fresh of none")
	}
}
