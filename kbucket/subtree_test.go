package kbucket

import "testing"

func (s *story) wantFree(cpl, want int) {
	s.Helper()
	if got := s.table.Free(cpl); got != want {
		s.Fatalf("bucket %d could do with %d more, want %d\n%v", cpl, got, want, s.table)
	}
}

// The neighbourhood is the smallest subtree that holds k contacts without failures
// (section 2.4); replacements do not count.
func TestSubtree(t *testing.T) {
	s := newStory(t, limits{k: 3})
	want := func(n, cpl int) {
		t.Helper()
		if got := s.table.Subtree(n); got != cpl {
			t.Fatalf("Subtree(%d) = %d, want %d\n%v", n, got, cpl, s.table)
		}
	}
	want(1, 0)
	near, middle, far := s.peer(7), []int{3, 3, 3, 3}, s.peer(0)
	s.seen(Added, near, far)
	want(1, 7)
	want(2, 0)
	for i, cpl := range middle {
		c := s.peer(cpl)
		if s.seen([]Outcome{Added, Added, Added, Waiting}[i], c); i == 2 {
			want(4, 3)
			s.failed(c, false, 0)
			want(3, 3)
			want(4, 0)
		}
	}
	want(4, 0) // one failed, one waits
	s.failed(near, false, 0)
	want(1, 3)
}

// A place is free if no contact has it, or one that failed, and no replacement waits
// for it.
func TestFree(t *testing.T) {
	s := newStory(t, limits{k: 3, replacements: 2})
	s.wantFree(5, 3) // no bucket yet
	p := s.peers(6)
	s.seen(Added, p[0], p[1])
	s.wantFree(0, 1)
	s.failed(p[0], false, 0)
	s.wantFree(0, 2)
	s.seen(Added, p[2])
	s.wantFree(0, 1)
	s.failed(p[1], false, 0)
	s.wantFree(0, 2)
	s.seen(Waiting, p[3])
	s.wantFree(0, 1)
	s.failed(p[0], true, p[3])
	s.wantFree(0, 1)
	s.seen(Waiting, p[4], p[5])
	s.wantFree(0, 0)
	s.seen(Moved, p[1])
	s.wantFree(0, 0) // more wait than there are places
}

// While no contact of a bucket fails each pause is twice the one before. The failure of
// a replacement, of an unknown contact, or in another bucket makes no difference.
func TestCalmIsABucketsOwn(t *testing.T) {
	s := newStory(t, limits{k: 2, replacements: 2})
	here, there := s.peers(3), []int{1, 1}
	s.seen(Added, here[:2]...)
	s.seen(Waiting, here[2])
	for _, cpl := range there {
		s.seen(Added, s.peer(cpl))
	}
	other := s.peer(1)
	s.seen(Waiting, other)
	dead := s.peer(0)
	for range 2 {
		s.probe(here[2], here[0])
		s.now = s.now.Add(2 * ProbeInterval)
	}
	s.seen(Waiting, dead)
	s.failed(dead, false, 0)
	s.failed(s.peer(1), false, 0)
	s.failed(other, false, 0)
	s.probe(here[2], here[0]) // two minutes after the second
	s.now = s.now.Add(4*ProbeInterval - 1)
	s.probe(here[2], 0)
	s.now = s.now.Add(1)
	s.probe(here[2], here[0])
}
