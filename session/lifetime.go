package session

import "time"

// Lifetimes (wire.md, section 5). Each end applies them by its own clock, and their
// starts differ by the time a datagram travels. So the end that sends stops earlier
// than the end that receives.
const (
	// HalfOpenLife is how long a responder keeps a half-open session and the
	// stored reply: longer than the retries of a request last.
	HalfOpenLife = 10 * time.Second

	// UnconfirmedUse is how long an initiator sends under a session that has not
	// opened a datagram yet. After that the responder has forgotten it.
	UnconfirmedUse = 8 * time.Second

	// MaxAge is how long a session is used for new requests. The next one is a
	// first contact again, which bounds what one stolen session key opens.
	MaxAge = time.Hour

	// OldLife is how long a replaced session still receives (wire.md rule 4), and how
	// long one still does after MaxAge.
	OldLife = 30 * time.Second

	// AtOnce is how close together two sessions must be made to count as begun
	// at once: more than a round trip with its retries, less than OldLife, so that
	// sides that see it differently still hear each other.
	AtOnce = 5 * time.Second
)

// receives reports whether the session still opens datagrams at now.
func (s *Session) receives(now int64) bool {
	if s.retire != 0 && now >= s.retire {
		return false
	}
	life := MaxAge + OldLife
	if !s.confirmed {
		life = HalfOpenLife
		if s.initiated && s.sent > 0 { // an answer may still be under way
			life += OldLife
		}
	}
	return now-s.made < int64(life)
}

// usable reports whether new requests may be sent under the session at now.
func (s *Session) usable(now int64) bool {
	if s.retire != 0 || s.sent >= MaxCounter {
		return false
	}
	if s.confirmed {
		return now-s.made < int64(MaxAge)
	}
	return s.initiated && now-s.made < int64(UnconfirmedUse)
}

// retireAt makes the session an old one: it still receives for OldLife.
func (s *Session) retireAt(now int64) {
	if s.retire == 0 {
		s.retire = now + int64(OldLife)
	}
}

// Rekey makes every session an old one, half-open ones too: the next request to each
// peer is a first contact, with fresh keys. For OldLife datagrams under way still
// arrive, and requests of the peer under an old session are answered. After that they
// draw a NOSESSION, and the peer makes first contact too (wire.md rule 5). A first
// contact under way makes a session that is used.
func (t *Table) Rekey(now time.Time) {
	at := now.UnixNano()
	for _, first := range t.peers {
		for s := first; s != nil; s = s.next {
			s.retireAt(at)
		}
	}
	for _, h := range t.half.Values() {
		if h.session != nil { // otherwise it is being answered
			h.session.retireAt(at)
		}
	}
}
