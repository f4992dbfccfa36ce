package kbucket

import "testing"

// Design R4.26: a contact whose silence does not count is failing, and keeps its place and
// its name; its next answer ends that. It is counted once, whatever else fails.
func TestSilentContacts(t *testing.T) {
	s := newStory(t, limits{})
	p := s.peers(3)
	s.seen(Added, p...)
	check := func(step string, failing bool, answering int) {
		t.Helper()
		if s.table.Failing(p[0]) != failing || s.table.Answering() != answering {
			t.Errorf("%s: failing %v, %d answer", step, s.table.Failing(p[0]), s.table.Answering())
		}
	}
	check("at first", false, 3)
	s.table.Silent(p[0])
	s.table.Silent(p[0])
	check("silent", true, 2)
	s.wantFailures(p[0], 0)
	at := s.table.book.Position(p[0])
	if near := s.table.Nearest(nil, at, 1); len(near) != 1 || near[0] != p[0] {
		t.Errorf("nearest to it is %v", near)
	}
	s.failed(p[0], false, 0)
	check("silent and failed", true, 2)
	s.wantFailures(p[0], 1)
	s.seen(Moved, p[0])
	check("heard", false, 3)
	s.table.Doubt(p[0])
	s.table.Silent(p[0])
	check("in doubt and silent", true, 2)
	for range MaxFailures - 1 {
		s.table.Failed(p[0])
	}
	check("evicted", false, 2)
	s.table.Silent(p[0])
	s.table.Silent(s.peer(9))
	check("in no bucket", false, 2)
}
