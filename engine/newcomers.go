package engine

import (
	"time"

	"kadmium/identity"
)

const (
	maxNewcomers = 1024 // newcomers remembered
	// freshFor is how long a peer counts as a newcomer at least; at most it is twice that
	// (design R6.15).
	freshFor = time.Minute
)

// newcomers are the peers that were sent their keys, oldest first. Those added in the
// last whole period and in the one that runs are fresh. A nil *newcomers is empty.
type newcomers struct {
	peers   contactSet[uint64]
	settled int       // how many of the oldest are no longer fresh
	older   int       // how many there were when the period began
	began   time.Time // when the period began
}

// add adds a peer, and reports whether it was new.
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

// fresh reports whether a peer was added a short time ago.
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

// A handover is a key that is to be sent to a newcomer.
type handover struct {
	to  identity.Contact
	key string
}
