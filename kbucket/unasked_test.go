package kbucket

import (
	"slices"
	"testing"

	"kadmium/identity"
)

// spokeFirst has the table hear contacts that spoke first.
func (s *story) spokeFirst(want Outcome, contacts ...identity.Contact) {
	s.Helper()
	for _, c := range contacts {
		if got := s.table.SpokeFirst(s.now, c); got != want {
			s.Errorf("SpokeFirst(%d): %v, want %v", c, got, want)
		}
	}
}

// Design R4.35: who speaks first displaces nobody, waits behind those that the node found, does
// not move up, and gets a place that has become free only once the bucket was searched.
func TestWhoSpeaksFirstWaits(t *testing.T) {
	s := follows(t, NewPreferring([16]byte{1}))
	yes, no := s.preferred(s.peers(200))
	s.seen(Added, no[:DefaultK-1]...)
	s.spokeFirst(Added, yes[0]) // there was a place
	s.spokeFirst(Waiting, yes[1], yes[2])
	s.wantDisplaced(yes[1], 0)
	s.wantDisplaced(yes[2], 0)
	s.seen(Waiting, no[30])
	s.failed(no[0], true, no[30])
	s.failed(no[1], true, 0)
	s.failed(no[2], true, 0)
	if s.table.Vacant() != 2 {
		t.Errorf("%d places are kept", s.table.Vacant())
	}
	s.spokeFirst(Waiting, yes[3], yes[1], yes[2])
	s.seen(Waiting, yes[3]) // it answers, and so does whoever a lookup asks
	s.table.Named(yes[3])
	s.seen(Added, yes[3])
	if c := s.table.Searched(0); c != yes[1] {
		t.Errorf("%d is promoted, want %d", c, yes[1])
	}
	if c := s.table.Searched(0); c != 0 {
		t.Errorf("%d is promoted, want nobody", c)
	}
	if held := held(s.table); !slices.Contains(held, yes[3]) || len(held) != DefaultK {
		t.Errorf("it holds %v", held)
	}
}
