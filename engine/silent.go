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
type silents struct{ list *silentList } // nil while there are none

type silentList struct {
	peers roster[identity.Contact]
	since time.Time       // when the first of them failed
	after []time.Duration // since then, when each did
}

// when is the time the peer last failed to answer.
func (s silents) when(c identity.Contact) (time.Time, bool) {
	if s.list == nil {
		return time.Time{}, false
	}
	i := s.list.peers.index(c)
	if i < 0 {
		return time.Time{}, false
	}
	return s.list.since.Add(s.list.after[i]), true
}

// add notes that the peer did not answer, and forgets those whose minute is over.
func (s *silents) add(c identity.Contact, now time.Time) {
	s.forget(c)
	if s.list != nil {
		s.list.forgetOld(now)
	}
	if s.list == nil || len(s.list.after) == 0 {
		s.list = &silentList{since: now}
	}
	s.list.peers.add(c, maxSilent)
	s.list.after = append(room(s.list.after, maxSilent), now.Sub(s.list.since))
}

func (l *silentList) forgetOld(now time.Time) {
	over, passed := 0, now.Sub(l.since)
	for over < len(l.after) && passed-l.after[over] >= silence {
		over++
	}
	if over == 0 && len(l.after) == maxSilent {
		over = 1
	}
	l.remove(0, over)
}

// forget takes a peer out that was heard.
func (s *silents) forget(c identity.Contact) {
	if s.list == nil {
		return
	}
	if i := s.list.peers.index(c); i >= 0 {
		s.list.remove(i, i+1)
	}
}

func (l *silentList) remove(i, j int) {
	l.peers.remove(i, j)
	l.after = slices.Delete(l.after, i, j)
}

func (s silents) each(f func(identity.Contact)) {
	if s.list == nil {
		return
	}
	for _, c := range s.list.peers.all {
		f(c)
	}
}
