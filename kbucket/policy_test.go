package kbucket

import (
	"testing"
	"time"

	"kadmium/identity"
)

// others is a policy unlike Plain in everything.
type others struct {
	Plain
	room Room
}

func (o others) Places(cpl int, usual Room) Room {
	if cpl > 0 {
		return usual
	}
	return o.room
}
func (others) Displace(v View) int      { return v.Contacts() - 2 }
func (others) Probe(v View) int         { return v.Contacts() - 1 }
func (others) Evict(v View, i int) bool { return v.Failures(i) == 2 }
func (others) Promote(v View) int       { return v.Replacements() - 1 }

// follows is a story of a table that follows a policy.
func follows(t *testing.T, p Policy) *story {
	s := newStory(t, limits{})
	s.table.Follow(p)
	return s
}

// A policy decides how many contacts a bucket has, who leaves for a newcomer, who is
// probed, who leaves after a failure, and who takes the place.
func TestPolicy(t *testing.T) {
	s := follows(t, others{room: Room{3, 2}})
	held := s.peers(3)
	s.seen(Added, held...)
	newcomer := s.peer(0)
	s.seen(Waiting, newcomer)
	if probed, ok := s.table.Probe(s.now, newcomer); !ok || probed != held[2] {
		t.Errorf("probes %d, %v, want the last, %d", probed, ok, held[2])
	}
	if out, waits, ok := s.table.Displace(s.now, newcomer); !ok || out != held[1] || !waits {
		t.Fatalf("displaces %d, %v, want %d", out, ok, held[1])
	}
	s.wantHeld(held[0], held[2], newcomer)
	if s.table.Waiting(0) != 1 {
		t.Errorf("%d wait, want the one that was displaced", s.table.Waiting(0))
	}
	s.seen(Waiting, s.peer(0))
	s.failed(held[0], false, 0)
	s.failed(held[0], true, held[1]) // at its second failure, for the oldest of those that wait
	for range DefaultK {
		s.seen(Added, s.peer(1))
	}
	s.seen(Waiting, s.peer(1))
	if s.table.Free(0) != 0 || s.table.Free(2) != DefaultK {
		t.Errorf("%d places are free in bucket 0, %d in bucket 2", s.table.Free(0), s.table.Free(2))
	}
}

// stubborn never lets go of a contact, wants no replacement, and names places that there
// are not.
type stubborn struct{ Plain }

func (stubborn) Places(int, Room) Room { return Room{0, -1} }
func (stubborn) Displace(View) int     { return 9 }
func (stubborn) Probe(View) int        { return 9 }
func (stubborn) Evict(View, int) bool  { return false }
func (stubborn) Promote(View) int      { return 9 }

// No policy keeps a contact that never answers, or has the table do what it cannot.
func TestPolicyIsBounded(t *testing.T) {
	s := follows(t, stubborn{})
	first := s.peer(0)
	s.seen(Added, first)
	s.seen(Refused, s.peer(0))
	for range MaxFailures - 1 {
		s.failed(first, false, 0)
	}
	s.failed(first, true, 0)

	s.table.Follow(twoPlaces{})
	held, waits := s.peers(2), s.peers(2)
	s.seen(Added, held...)
	s.seen(Waiting, waits...)
	if _, _, ok := s.table.Displace(s.now, waits[1]); ok {
		t.Error("displaced a contact that there is not")
	}
	if _, ok := s.table.Probe(s.now.Add(time.Hour), waits[1]); ok {
		t.Error("probed a contact that there is not")
	}
	if removed, promoted := s.table.Remove(held[0]); !removed || promoted != waits[1] {
		t.Errorf("promoted %d, want the newest, %d", promoted, waits[1])
	}
}

type twoPlaces struct{ stubborn }

func (twoPlaces) Places(int, Room) Room { return Room{2, 2} }

// A newcomer takes no place that its subnet may not have.
func TestPolicyKeepsTheLimitsOfSubnets(t *testing.T) {
	s := newStory(t, limits{perSubnetBucket: 2, perSubnetTable: 2})
	s.table.Follow(others{room: Room{3, 2}})
	in := func(cpl int) identity.Contact {
		return s.book.add(inBucket(s.rnd, &s.table.self, cpl), "9.9.9.9")
	}
	s.seen(Added, in(1), in(2))
	s.seen(Added, s.peers(3)...)
	newcomer := in(0)
	s.seen(Waiting, newcomer)
	if out, _, ok := s.table.Displace(s.now, newcomer); ok {
		t.Errorf("displaced %d for a third contact of one subnet", out)
	}
}
