package session

import (
	"slices"
	"time"
)

// Left notes that the peer of s has said, by a notice under s, that it ends. That concerns
// all its sessions so far: they are old ones now, and what still comes under them is late
// (wire.md, section 5).
func (t *Table) Left(now time.Time, s *Session) {
	at := now.UnixNano()
	for o := t.peers[shortID(s.peer)]; o != nil; o = o.next {
		if o.peer == s.peer {
			o.left = true
			o.retireAt(at)
		}
	}
	for _, h := range t.half.Values() {
		if h.session != nil && h.session.peer == s.peer {
			h.session.left = true
			h.session.retireAt(at)
		}
	}
}

// Left reports whether the peer has ended since the session was made.
func (s *Session) Left() bool { return s.left }

// InUse returns the sessions that new requests would be sent under, one a peer, the most
// recently used first.
func (t *Table) InUse(now time.Time) []*Session {
	all := t.live.Values()
	slices.Reverse(all)
	return slices.DeleteFunc(all, func(s *Session) bool {
		best, ok := t.ForPeer(now, s.peer)
		return !ok || best != s
	})
}
