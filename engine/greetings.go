package engine

import "time"

const (
	maxGreeted = 1024 // newcomers remembered as handed their keys
	// freshFor is how long a newcomer stays one, at least; at most twice that.
	freshFor = time.Minute
)

// greetings are the newcomers that were handed their keys, oldest first. Those of
// the last period, and of the one under way, are fresh. A nil one has none.
type greetings struct {
	peers   roster[uint64]
	settled int       // how many, of the oldest, are fresh no more
	older   int       // how many were there when the period began
	began   time.Time // the period
}

// add notes a peer, and reports whether it was not there yet.
func (g *greetings) add(now time.Time, peer uint64) bool {
	switch elapsed := now.Sub(g.began); {
	case elapsed >= 2*freshFor:
		g.settled, g.older, g.began = len(g.peers.all), len(g.peers.all), now
	case elapsed >= freshFor:
		g.settled, g.older, g.began = g.older, len(g.peers.all), g.began.Add(freshFor)
	}
	if g.peers.index(peer) >= 0 {
		return false
	}
	if len(g.peers.all) == maxGreeted {
		g.remove(0)
	}
	g.peers.add(peer, maxGreeted)
	return true
}

// fresh reports whether a peer was a newcomer a short time before the latest.
func (g *greetings) fresh(peer uint64) bool {
	if g == nil {
		return false
	}
	i := g.peers.index(peer)
	return i >= 0 && i >= g.settled
}

func (g *greetings) forget(peer uint64) {
	if g == nil {
		return
	}
	if i := g.peers.index(peer); i >= 0 {
		g.remove(i)
	}
}

func (g *greetings) remove(i int) {
	g.peers.remove(i, i+1)
	if i < g.settled {
		g.settled--
	}
	if i < g.older {
		g.older--
	}
}
