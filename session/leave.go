package session

import (
	"slices"
	"time"

	"kadmium/identity"
)

// Left notes that the peer of s has said, by a notice under s, that it ends. That concerns
// its sessions up to those begun at once with s: they are old ones now, and what still
// comes under them is late (wire.md, section 5). It reports false, and does nothing, if the
// notice itself is late: the peer has said so before, or has come back and uses a session
// that was made since.
func (t *Table) Left(now time.Time, s *Session) bool {
	at := now.UnixNano()
	since := func(o *Session) bool { return o.made-s.made >= int64(AtOnce) }
	if s.left {
		return false
	}
	for o := t.peers[shortID(s.peer)]; o != nil; o = o.next {
		if o.peer == s.peer && o.confirmed && o.usable(at) && since(o) {
			return false
		}
	}
	end := func(o *Session) {
		if o.peer == s.peer && !since(o) {
			o.left = true
			o.retireAt(at)
		}
	}
	for o := t.peers[shortID(s.peer)]; o != nil; o = o.next {
		end(o)
	}
	for _, h := range t.half.Values() {
		if h.session != nil {
			end(h.session)
		}
	}
	return true
}

// Left reports whether the peer has ended since the session was made.
func (s *Session) Left() bool { return s.left }

// InUse returns the sessions that new requests would be sent under, one a peer, the most
// recently used first. It uses none of them.
func (t *Table) InUse(now time.Time) []*Session {
	all := t.live.Values()
	slices.Reverse(all)
	return slices.DeleteFunc(all, func(s *Session) bool { return t.inUse(now, s.peer) != s })
}

// InUseWith is the session of InUse with a peer.
func (t *Table) InUseWith(now time.Time, id identity.ID) (*Session, bool) {
	s := t.inUse(now, id)
	return s, s != nil
}
