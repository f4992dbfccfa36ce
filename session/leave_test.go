package session

import "testing"

// A leave that was held back on its way, until the peer had come back and made a new
// session, does not concern that one.
func TestLeaveThatComesLate(t *testing.T) {
	a, b := pair(t)
	before := meet(t, noon, a, b)
	b.table.Confirm(noon, before.answered)
	back := noon.Add(AtOnce)
	after := meet(t, back, a, b)
	b.table.Confirm(back, after.answered)
	if b.table.Left(back, before.answered) {
		t.Error("a leave under the session before was taken for one under that in use")
	}
	if after.answered.Left() || b.uses(back, a) == 0 {
		t.Error("the session in use is no longer")
	}
	if !b.table.Left(back, after.answered) {
		t.Error("a leave under the session in use was taken to be late")
	}
	if !before.answered.Left() || !after.answered.Left() || b.uses(back, a) != 0 {
		t.Error("a session is used after the leave")
	}
	if b.table.Left(back, after.answered) {
		t.Error("a second leave was taken for another one")
	}
}

// Of two sessions begun at once the sides may use different ones for a while: a leave under
// either concerns both.
func TestLeaveUnderOneOfTwoAtOnce(t *testing.T) {
	a, b := pair(t)
	first := meet(t, noon, a, b)
	b.table.Confirm(noon, first.answered)
	second := meet(t, noon.Add(AtOnce-1), a, b)
	b.table.Confirm(noon.Add(AtOnce-1), second.answered)
	if !b.table.Left(noon.Add(AtOnce), first.answered) || !second.answered.Left() {
		t.Error("the leave did not concern the other session")
	}
}

// A leave that comes late, before a new session of the peer has opened a datagram, takes the
// peer out of the table; the new session brings it back.
func TestLeaveBesideAHalfOpenSession(t *testing.T) {
	a, b := pair(t)
	before := meet(t, noon, a, b)
	b.table.Confirm(noon, before.answered)
	back := noon.Add(AtOnce)
	after := meet(t, back, a, b)
	if !b.table.Left(back, before.answered) || !before.answered.Left() {
		t.Error("the leave was taken to be late")
	}
	b.table.Confirm(back, after.answered)
	if after.answered.Left() || b.uses(back, a) == 0 {
		t.Error("the session that the peer made since is an old one")
	}
}
