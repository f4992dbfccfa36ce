package kbucket

import (
	"slices"
	"testing"
	"time"

	"kadmium/identity"
)

func (s *story) due(want int) {
	s.Helper()
	got, ok := s.table.RefreshDue(s.now)
	if !ok {
		got = -1
	}
	if got != want {
		s.Fatalf("at %v bucket %d is due (next %v), want %d", s.now.Sub(start), got, s.table.NextRefresh().Sub(start), want)
	}
}

// Section 2.3: "refresh each bucket to which there have been no node lookups in
// the past hour". Buckets count from when they came to be; no lookup, no matter
// how much traffic, touches another's.
func TestRefreshAfterAnHour(t *testing.T) {
	s := newStory(t, limits{})
	s.due(-1)
	if next := s.table.NextRefresh(); !next.IsZero() {
		t.Fatalf("an empty table has a refresh due at %v", next)
	}
	near := s.peer(2)
	s.seen(Added, near)
	first := s.now
	for cpl := range 3 {
		s.now = s.now.Add(time.Minute)
		target := inBucket(s.rnd, &s.table.self, 2-cpl)
		s.table.LookedUp(s.now, &target)
	}
	s.seen(Moved, near)
	// Bucket 3 is the empty one behind the last contact; it stands for the rest.
	for _, want := range []int{3, 2, 1, 0} {
		if next := first.Add(time.Hour); s.table.NextRefresh() != next {
			t.Fatalf("next refresh at %v, want %v", s.table.NextRefresh(), next)
		}
		s.now = first.Add(time.Hour - 1)
		s.due(-1)
		s.now = first.Add(time.Hour)
		s.due(want)
		s.due(want) // until it is looked up
		target := inBucket(s.rnd, &s.table.self, want)
		s.table.LookedUp(s.now, &target)
		first = first.Add(time.Minute)
	}
}

// A refresh looks up a random position of its bucket, which is then fresh, for
// each bucket there can be.
func TestRefreshTargetIsInItsBucket(t *testing.T) {
	s := newStory(t, limits{})
	s.seen(Added, s.peer(identity.Bits-1))
	s.now = s.now.Add(2 * time.Hour)
	for want := range identity.Bits {
		s.due(want)
		target := identity.RandomInRange(&s.table.self, want, randomPosition(s.rnd))
		s.table.LookedUp(s.now, &target)
	}
	s.due(-1)
}

// A lookup of oneself, or of anything deeper than the last contact, refreshes
// the bucket that stands for the deep end.
func TestLookupBehindTheLastContact(t *testing.T) {
	s := newStory(t, limits{})
	s.table.LookedUp(s.now, &s.table.self) // nothing to refresh: nothing happens
	s.seen(Added, s.peer(1))
	s.now = s.now.Add(time.Hour)
	for cpl := range 2 {
		target := inBucket(s.rnd, &s.table.self, cpl)
		s.table.LookedUp(s.now, &target)
	}
	s.due(2)
	s.table.LookedUp(s.now, &s.table.self)
	s.due(-1)
}

// When the closest neighbour leaves, the buckets behind the next one are left
// alone.
func TestNoRefreshWhereNobodyIs(t *testing.T) {
	s := newStory(t, limits{})
	far, near := s.peer(0), s.peer(9)
	s.seen(Added, far, near)
	s.table.Remove(near)
	s.now = s.now.Add(2 * time.Hour)
	for cpl := range 2 {
		s.due(cpl)
		target := inBucket(s.rnd, &s.table.self, cpl)
		s.table.LookedUp(s.now, &target)
	}
	s.due(-1)
	s.table.Remove(far)
	s.now = s.now.Add(2 * time.Hour)
	s.due(-1)
}

// Section 2.3: a node that joins refreshes all buckets farther than its closest
// neighbour.
func TestFarther(t *testing.T) {
	s := newStory(t, limits{})
	if got := slices.Collect(s.table.Farther()); len(got) != 0 {
		t.Fatalf("an empty table refreshes %v", got)
	}
	s.seen(Added, s.peer(2), s.peer(4))
	if got, want := slices.Collect(s.table.Farther()), []int{0, 1, 2, 3}; !slices.Equal(got, want) {
		t.Fatalf("Farther: %v, want %v", got, want)
	}
	for cpl := range s.table.Farther() {
		if cpl == 1 {
			break // may be left early
		}
	}
}
