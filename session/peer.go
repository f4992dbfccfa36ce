package session

import (
	"bytes"
	"encoding/binary"
	"time"

	"kadmium/identity"
)

// This file holds wire.md rule 4. A new session exists beside the one in use until it
// has opened a datagram; then the other becomes an old one and receives for OldLife. Of
// those that were begun at once both sides use the same one, whatever the order in
// which they came about at each.

// prefer reports whether a is used rather than b, both with the same peer.
func (t *Table) prefer(a, b *Session) bool {
	apart := a.made - b.made
	if max(apart, -apart) >= int64(AtOnce) {
		return apart > 0
	}
	if a.initiated == b.initiated {
		return a.chosenByInitiator() > b.chosenByInitiator()
	}
	selfIsSmaller := bytes.Compare(t.self[:], a.peer[:]) < 0
	return a.initiated == selfIsSmaller
}

// chosenByInitiator is the session ID under which the initiator receives.
func (s *Session) chosenByInitiator() uint64 {
	if s.initiated {
		return s.receiveID
	}
	return s.sendID
}

// LastInitiated is the ID under which the newest session that this side began with the
// peer receives, 0 if there is none or it is no longer one of those at once with a
// session begun now.
func (t *Table) LastInitiated(now time.Time, id identity.ID) (receiveID uint64) {
	since := now.Add(-AtOnce).UnixNano()
	for s := t.peers[shortID(id)]; s != nil; s = s.next {
		if s.peer == id && s.initiated && s.made > since {
			receiveID = max(receiveID, s.receiveID)
		}
	}
	return receiveID
}

// chooseInUse is called when s has opened its first datagram. Of the peer's sessions
// that have opened one, one is in use, and one more still receives: the last retired.
func (t *Table) chooseInUse(now int64, s *Session) {
	var best, old *Session
	for o := t.peers[shortID(s.peer)]; o != nil; o = o.next {
		if o.peer == s.peer && o.confirmed && o.retire == 0 && (best == nil || t.prefer(o, best)) {
			best = o
		}
	}
	if best == nil {
		best = s // retired before it opened a datagram: no session is in use
	}
	for o := t.peers[shortID(s.peer)]; o != nil; o = o.next {
		if o == best || !o.confirmed || o.peer != s.peer {
			continue
		}
		o.retireAt(now)
		if old == nil || o.retire > old.retire || o.retire == old.retire && o == s {
			old = o
		}
	}
	for o := t.peers[shortID(s.peer)]; o != nil; {
		next := o.next
		if o != best && o != old && o.confirmed && o.peer == s.peer {
			t.live.Remove(o.receiveID)
		}
		o = next
	}
}

// shortID is the key of a peer's list of sessions: 8 bytes of its ID. Peers with the
// same 8 bytes share a list.
func shortID(id identity.ID) uint64 { return binary.BigEndian.Uint64(id[:8]) }

// link puts a session into its peer's list, newest first.
func (t *Table) link(s *Session) {
	s.next = t.peers[shortID(s.peer)]
	t.peers[shortID(s.peer)] = s
	if t.watch != nil {
		t.watch(s, true)
	}
}

// unlink takes a session out of its peer's list.
func (t *Table) unlink(s *Session) {
	if t.watch != nil {
		t.watch(s, false)
	}
	first := t.peers[shortID(s.peer)]
	if first == s {
		if s.next == nil {
			delete(t.peers, shortID(s.peer))
		} else {
			t.peers[shortID(s.peer)] = s.next
		}
		s.next = nil
		return
	}
	for o := first; o != nil; o = o.next {
		if o.next == s {
			o.next, s.next = s.next, nil
			return
		}
	}
}
