package kbucket

import (
	"testing"
	"time"

	"kadmium/identity"
)

func (s *story) probe(c, want identity.Contact) {
	s.Helper()
	got, ok := s.table.Probe(s.now, c)
	if got != want || ok != (want != 0) {
		s.Fatalf("Probe(%d) = %d, %v, want %d\n%v", c, got, ok, want, s.table)
	}
}

func (s *story) wantFailures(c identity.Contact, want int) {
	s.Helper()
	if got := s.table.Failures(c); got != want {
		s.Fatalf("contact %d has %d failures, want %d", c, got, want)
	}
}

// Design, section 4: without a replacement it takes five failures in a row.
func TestFiveFailuresEvict(t *testing.T) {
	s := newStory(t, limits{})
	p := s.peers(2)
	s.seen(Added, p...)
	for i := range 4 {
		s.failed(p[0], false, 0)
		s.wantFailures(p[0], i+1)
	}
	s.wantHeld(p...)
	s.failed(p[0], true, 0)
	s.wantHeld(p[1])
	s.wantFailures(p[0], 0)
	s.wantFailures(p[1], 0)
	s.wantFailures(s.peer(9), 0)
	s.failed(p[0], false, 0)
	s.seen(Added, p[0])
}

// Design, section 4: with a replacement waiting one failure evicts, and the
// newest replacement is promoted, to where it is probed next.
func TestReplacementTakesThePlace(t *testing.T) {
	s := newStory(t, limits{k: 3, replacements: 3})
	p := s.peers(6)
	s.seen(Added, p[:3]...)
	s.seen(Waiting, p[3:]...)
	s.seen(Waiting, p[4]) // newest again

	s.probe(p[4], p[0])
	s.failed(p[0], true, p[4])
	s.wantHeld(p[4], p[1], p[2])
	s.table.Each(func(c identity.Contact, seen time.Time, _, _ int) {
		if seen.IsZero() != (c == p[4]) {
			t.Errorf("contact %d was last seen at %v", c, seen)
		}
	})
	s.failed(p[2], true, p[5])
	s.failed(p[1], true, p[3])
	s.wantHeld(p[3], p[5], p[4])
	s.failed(p[3], false, 0)
}

// The oldest falls off a full replacement list.
func TestOldestWaiterFallsOff(t *testing.T) {
	s := newStory(t, limits{k: 1, replacements: 3})
	p := s.peers(6)
	s.seen(Added, p[0])
	s.seen(Waiting, p[1:]...)
	s.failed(p[0], true, p[5])
	s.failed(p[5], true, p[4])
	s.failed(p[4], true, p[3])
	s.failed(p[3], false, 0)
}

// A probe that is answered moves the old contact to the tail; the next goes to
// the next (section 2.2). In a bucket where no contact fails each pause is twice as long,
// up to 16 minutes, until one does.
func TestAnsweredProbeKeepsTheOldContact(t *testing.T) {
	s := newStory(t, limits{k: 3})
	old, newcomer := s.peers(3), s.peer(0)
	s.seen(Added, old...)
	for i, minutes := range []time.Duration{1, 2, 4, 8, 16, 16, 16} {
		s.seen(Waiting, newcomer)
		s.probe(newcomer, old[i%3])
		next := s.now.Add(minutes * time.Minute)
		s.seen(Moved, old[i%3])
		s.now = next.Add(-1)
		s.probe(newcomer, 0)
		s.now = next
	}
	s.seen(Waiting, newcomer)
	s.probe(newcomer, old[1])
	s.failed(old[1], true, newcomer)
	s.seen(Waiting, s.peer(0))
	s.now = s.now.Add(ProbeInterval)
	s.probe(newcomer, newcomer) // promoted, it has not been seen since
}

// Design, section 4: at most one probe a bucket a minute, however many
// newcomers come; other buckets have their own.
func TestProbesArePaced(t *testing.T) {
	s := newStory(t, limits{k: 1})
	for cpl := range 2 {
		s.seen(Added, s.peer(cpl))
	}
	probes := 0
	for range 600 { // ten minutes
		for cpl := range 2 {
			c := s.peer(cpl)
			s.table.Seen(s.now, c)
			if oldest, ok := s.table.Probe(s.now, c); ok {
				probes++
				s.table.Failed(oldest)
			}
		}
		s.now = s.now.Add(time.Second)
	}
	if probes != 20 {
		t.Fatalf("%d probes of two buckets in ten minutes, want 20", probes)
	}
}

// A bucket without replacements is not probed, and neither is one that does not exist.
func TestNoProbeWithoutNewcomer(t *testing.T) {
	s := newStory(t, limits{k: 1})
	c := s.peer(0)
	s.probe(c, 0)
	s.seen(Added, c)
	s.probe(c, 0)
	s.probe(s.peer(8), 0)
}

// A replacement that does not answer, or serves no longer, is forgotten.
func TestWaitingContactLeaves(t *testing.T) {
	s := newStory(t, limits{k: 1, replacements: 2})
	p := s.peers(3)
	s.seen(Added, p[0])
	s.seen(Waiting, p[1:]...)
	s.failed(p[2], false, 0)
	s.failed(p[0], true, p[1])
	s.failed(p[1], false, 0)

	s.seen(Waiting, p[2])
	if removed, promoted := s.table.Remove(p[2]); removed || promoted != 0 {
		t.Fatal("a replacement was said to leave the table")
	}
	s.failed(p[1], false, 0)
	s.wantHeld(p[1])
}

// A peer that says it no longer serves leaves, whatever address says so.
func TestRemove(t *testing.T) {
	s := newStory(t, limits{k: 2})
	p := s.peers(3)
	s.seen(Added, p[:2]...)
	s.seen(Waiting, p[2])
	if removed, promoted := s.table.Remove(s.moved(p[0])); !removed || promoted != p[2] {
		t.Fatalf("Remove = %v, %d, want true, %d", removed, promoted, p[2])
	}
	s.wantHeld(p[2], p[1])
	for _, stranger := range []identity.Contact{p[0], s.peer(7)} {
		if removed, _ := s.table.Remove(stranger); removed {
			t.Fatal("an unknown contact was removed")
		}
	}
}

// A peer is a replacement once, at its newest address.
func TestWaitingPeerMoves(t *testing.T) {
	s := newStory(t, limits{k: 1})
	p := s.peers(2)
	s.seen(Added, p[0])
	there := s.moved(p[1])
	s.seen(Waiting, p[1], there)
	s.failed(p[0], true, there)
	s.failed(there, false, 0) // there is no other replacement
}
