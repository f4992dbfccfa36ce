package engine

import (
	"slices"
	"time"
)

const (
	maxNewcomers = 1024 // newcomers remembered (design R8.21)
	// freshFor is how long a peer counts as a newcomer at least; at most it is twice that
	// (design R6.15).
	freshFor = time.Minute
	// handedOnce is how often one position is sent its keys at most: leaving and returning
	// is to cost nothing (design R6.26).
	handedOnce = time.Hour
)

// newcomers are the peers that were sent their keys, oldest first. Those added in the
// last whole period and in the one that runs are fresh. A nil *newcomers is empty.
type newcomers struct {
	peers   contactSet[uint64]
	handed  []handed  // of each
	epoch   time.Time // when the first was added
	settled int       // how many of the oldest are no longer fresh
	older   int       // how many there were when the period began
	began   time.Time // when the period began
}

// handed says when a peer was sent its keys, in 8 bytes.
type handed struct {
	at   int32 // seconds since the epoch
	left bool  // it has left since
}

// add adds a peer, and reports whether it was new, or has left and returned.
func (n *newcomers) add(now time.Time, peer uint64) bool {
	switch elapsed := now.Sub(n.began); {
	case elapsed >= 2*freshFor:
		n.settled, n.older, n.began = len(n.peers.all), len(n.peers.all), now
	case elapsed >= freshFor:
		n.settled, n.older, n.began = n.older, len(n.peers.all), n.began.Add(freshFor)
	}
	if n.epoch.IsZero() {
		n.epoch = now
	}
	at := int32(now.Sub(n.epoch) / time.Second)
	if i := n.peers.index(peer); i >= 0 {
		if !n.handed[i].left || at-n.handed[i].at < int32(handedOnce/time.Second) {
			n.handed[i].left = false
			return false
		}
		n.remove(i)
	}
	if len(n.peers.all) == maxNewcomers {
		n.remove(0)
	}
	n.peers.add(peer, maxNewcomers)
	n.handed = append(room(n.handed, maxNewcomers), handed{at: at})
	return true
}

func (n *newcomers) len() int {
	if n == nil {
		return 0
	}
	return len(n.peers.all)
}

// fresh reports whether a peer was added a short time ago.
func (n *newcomers) fresh(peer uint64) bool {
	if n == nil {
		return false
	}
	i := n.peers.index(peer)
	return i >= 0 && i >= n.settled
}

func (n *newcomers) left(peer uint64) {
	if n == nil {
		return
	}
	if i := n.peers.index(peer); i >= 0 {
		n.handed[i].left = true
	}
}

func (n *newcomers) remove(i int) {
	n.peers.remove(i, i+1)
	n.handed = slices.Delete(n.handed, i, i+1)
	if i < n.settled {
		n.settled--
	}
	if i < n.older {
		n.older--
	}
}
