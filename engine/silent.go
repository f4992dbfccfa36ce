package engine

import (
	"slices"
	"time"

	"kadmium/identity"
)

// maxSilent bounds the peers that are remembered for not answering.
const maxSilent = 256

// silents are peers outside the table that did not answer, the oldest first and at
// most maxSilent: several lookups in a row would else wait for the same dead peer
// that others still name.
type silents []silentPeer

type silentPeer struct {
	who identity.Contact
	at  time.Time
}

func (s silents) index(c identity.Contact) int {
	return slices.IndexFunc(s, func(p silentPeer) bool { return p.who == c })
}

// when is the time the peer last failed to answer.
func (s silents) when(c identity.Contact) (time.Time, bool) {
	i := s.index(c)
	if i < 0 {
		return time.Time{}, false
	}
	return s[i].at, true
}

// add notes that the peer did not answer, and forgets those whose minute is over.
func (s *silents) add(c identity.Contact, now time.Time) {
	s.forget(c)
	over := 0
	for over < len(*s) && now.Sub((*s)[over].at) >= silence {
		over++
	}
	if over == 0 && len(*s) == maxSilent {
		over = 1
	}
	*s = append(slices.Delete(*s, 0, over), silentPeer{c, now})
}

// forget takes a peer out that was heard.
func (s *silents) forget(c identity.Contact) {
	if i := s.index(c); i >= 0 {
		*s = slices.Delete(*s, i, i+1)
	}
}
