package engine

import (
	"time"

	"kadmium/identity"
)

const (
	maxNewcomers = 1024 // newcomers remembered as handed their keys
	// freshFor is how long a newcomer stays one, at least; at most twice that.
	freshFor = time.Minute
)

// newcomers are the newcomers that were handed their keys, oldest first. Those of
// the last period, and of the one under way, are fresh. A nil one has none.
type newcomers struct {
	peers   contactSet[uint64]
	settled int       // how many, of the oldest, are fresh no more
	older   int       // how many were there when the period began
	began   time.Time // the period
}

// add notes a peer, and reports whether it was not there yet.
func (n *newcomers) add(now time.Time, peer uint64) bool {
	switch elapsed := now.Sub(n.began); {
	case elapsed >= 2*freshFor:
		n.settled, n.older, n.began = len(n.peers.all), len(n.peers.all), now
	case elapsed >= freshFor:
		n.settled, n.older, n.began = n.older, len(n.peers.all), n.began.Add(freshFor)
	}
	if n.peers.index(peer) >= 0 {
		return false
	}
	if len(n.peers.all) == maxNewcomers {
		n.remove(0)
	}
	n.peers.add(peer, maxNewcomers)
	return true
}

// fresh reports whether a peer was a newcomer a short time before the latest.
func (n *newcomers) fresh(peer uint64) bool {
	if n == nil {
		return false
	}
	i := n.peers.index(peer)
	return i >= 0 && i >= n.settled
}

func (n *newcomers) forget(peer uint64) {
	if n == nil {
		return
	}
	if i := n.peers.index(peer); i >= 0 {
		n.remove(i)
	}
}

func (n *newcomers) remove(i int) {
	n.peers.remove(i, i+1)
	if i < n.settled {
		n.settled--
	}
	if i < n.older {
		n.older--
	}
}

// A handover is a key that a newcomer is to be given.
type handover struct {
	to  identity.Contact
	key string
}
