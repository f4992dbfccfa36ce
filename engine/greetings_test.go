package engine

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Newcomers are remembered, the oldest forgotten when there are too many, and fresh
// for a period at least and two at most, whoever is forgotten meanwhile.
func TestGreetings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type greeted struct {
			peer uint64
			at   time.Time
		}
		var model []greeted
		find := func(peer uint64) int {
			for i, m := range model {
				if m.peer == peer {
					return i
				}
			}
			return -1
		}
		now, g := epoch, new(greetings)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
			peer := rapid.Uint64Range(0, 40).Draw(t, "peer")
			at := find(peer)
			if rapid.IntRange(0, 4).Draw(t, "forget") == 0 {
				g.forget(peer)
				if at >= 0 {
					model = append(model[:at], model[at+1:]...)
				}
				continue
			}
			if added := g.add(now, peer); added != (at < 0) {
				t.Fatalf("peer %d added: %v, model %v", peer, added, model)
			}
			if at < 0 {
				model = append(model, greeted{peer, now})
			}
			for _, m := range model {
				age, fresh := now.Sub(m.at), g.fresh(m.peer)
				if age < freshFor && !fresh || age >= 2*freshFor && fresh {
					t.Fatalf("peer %d, greeted %v ago, is fresh: %v", m.peer, age, fresh)
				}
			}
			if g.fresh(99) {
				t.Fatal("a stranger is fresh")
			}
		}
	})
}

func TestGreetingsAreBounded(t *testing.T) {
	g := new(greetings)
	for peer := range uint64(2 * maxGreeted) {
		g.add(epoch, peer)
	}
	if len(g.peers.all) != maxGreeted || g.fresh(maxGreeted-1) || !g.fresh(maxGreeted) {
		t.Errorf("%d peers remembered; the oldest kept is fresh: %v, the one before: %v", len(g.peers.all), g.fresh(maxGreeted), g.fresh(maxGreeted-1))
	}
	g.forget(0)
	(*greetings)(nil).forget(1)
	if (*greetings)(nil).fresh(1) {
		t.Error("somebody is fresh of none")
	}
}
