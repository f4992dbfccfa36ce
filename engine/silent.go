package engine

import (
	"time"

	"kadmium/identity"
)

// maxSilent bounds the peers that are remembered for not answering.
const maxSilent = 256

// silents are peers outside the table that did not answer, the last maxSilent of
// them: several lookups in a row would else wait for the same dead peer that
// others still name.
type silents struct {
	order []silentPeer // a ring once it is full
	next  int          // the oldest then
}

type silentPeer struct {
	who identity.Contact // 0: heard of since
	at  time.Time
}

func (s *silents) index(c identity.Contact) int {
	for i := range s.order {
		if s.order[i].who == c {
			return i
		}
	}
	return -1
}

// when is the time the peer last failed to answer.
func (s *silents) when(c identity.Contact) (time.Time, bool) {
	i := s.index(c)
	if i < 0 {
		return time.Time{}, false
	}
	return s.order[i].at, true
}

func (s *silents) add(c identity.Contact, now time.Time) {
	switch i := s.index(c); {
	case i >= 0:
		s.order[i].at = now
	case len(s.order) < maxSilent:
		s.order = append(s.order, silentPeer{c, now})
	default:
		s.order[s.next] = silentPeer{c, now}
		s.next = (s.next + 1) % maxSilent
	}
}

// forget takes a peer out that was heard.
func (s *silents) forget(c identity.Contact) {
	if i := s.index(c); i >= 0 {
		s.order[i] = silentPeer{}
	}
}
