package kbucket

import (
	"slices"
	"testing"

	"kadmium/identity"
)

// meets has the table hear newcomers, as an engine does.
func (s *story) meets(contacts ...identity.Contact) {
	for _, c := range contacts {
		if s.table.Seen(s.now, c) == Waiting {
			s.table.Displace(s.now, c)
		}
	}
}

// preferred sorts contacts into those that the table prefers and the others.
func (s *story) preferred(contacts []identity.Contact) (yes, no []identity.Contact) {
	for _, c := range contacts {
		if s.table.Prefers(c) {
			yes = append(yes, c)
		} else {
			no = append(no, c)
		}
	}
	return yes, no
}

// In a full bucket a preferred newcomer takes the place of the least recently seen contact
// that is not preferred, and that one waits, until there is none left: then the oldest
// stay, whoever comes. Of those that wait a preferred one is promoted first.
func TestPreferring(t *testing.T) {
	s := follows(t, NewPreferring([16]byte{1}))
	yes, no := s.preferred(s.peers(200))
	s.seen(Added, slices.Concat(yes[:DefaultK-2], no[:2])...)

	s.seen(Waiting, no[2], yes[18])
	s.wantDisplaced(no[2], 0)
	s.seen(Waiting, yes[18])
	s.wantDisplaced(yes[18], no[0])
	s.seen(Waiting, yes[19])
	s.wantDisplaced(yes[19], no[1])
	s.wantHeld(yes[:DefaultK]...)

	s.seen(Waiting, yes[20])
	s.wantDisplaced(yes[20], 0)
	s.seen(Waiting, no[3])
	s.failed(yes[0], true, yes[20])
	s.failed(yes[1], true, no[3])
}

// Who is displaced waits behind all others, as it may have left, and not at all if it did
// not answer the last request.
func TestDisplacedContactsWaitLast(t *testing.T) {
	s := follows(t, NewPreferring([16]byte{1}))
	yes, no := s.preferred(s.peers(200))
	s.seen(Added, slices.Concat(no[:2], yes[:DefaultK-2])...)
	s.failed(no[0], false, 0)
	s.seen(Waiting, yes[18])
	s.wantDisplaced(yes[18], no[0])
	if s.table.Waiting(0) != 0 {
		t.Errorf("%d wait, want none: the one displaced had failed", s.table.Waiting(0))
	}
	s.seen(Waiting, no[2], yes[19])
	s.wantDisplaced(yes[19], no[1])
	s.failed(yes[0], true, no[2])
	s.failed(yes[1], true, no[1])
}

// wantDisplaced checks who leaves for a newcomer; 0: nobody.
func (s *story) wantDisplaced(newcomer, want identity.Contact) {
	s.Helper()
	if out, _, ok := s.table.Displace(s.now, newcomer); out != want || ok != (want != 0) {
		s.Fatalf("Displace(%d) = %d, %v, want %d\n%v", newcomer, out, ok, want, s.table)
	}
}

// Each secret prefers another half, and the same one again.
func TestSecretsPreferDifferently(t *testing.T) {
	s := newStory(t, limits{})
	all := s.peers(2000)
	half := func(secret byte) []identity.Contact {
		s.table.Follow(NewPreferring([16]byte{secret}))
		yes, _ := s.preferred(all)
		return yes
	}
	a, b := half(1), half(2)
	both := 0
	for _, c := range a {
		if slices.Contains(b, c) {
			both++
		}
	}
	if len(a) < 900 || len(a) > 1100 || both < 420 || both > 580 || !slices.Equal(a, half(1)) {
		t.Errorf("of 2000 contacts %d and %d are preferred, %d by both", len(a), len(b), both)
	}
}

// Design R4.32: what part of a bucket that was full do an attacker's new identities get,
// each in a subnet of its own, if all contacts answer: of a bucket whose contacts came by
// chance the half that is not preferred, of one that has heard others since nothing.
func TestNewIdentitiesDisplaceHalfAtMost(t *testing.T) {
	for _, c := range []struct {
		policy   func(node byte) Policy
		heard    int // honest peers, before the attacker's come
		from, to float64
	}{
		{func(byte) Policy { return Plain{} }, DefaultK, 0, 0},
		{func(n byte) Policy { return NewPreferring([16]byte{n}) }, DefaultK, 0.4, 0.6},
		{func(n byte) Policy { return NewPreferring([16]byte{n}) }, 2 * DefaultK, 0.005, 0.15},
		{func(n byte) Policy { return NewPreferring([16]byte{n}) }, 200, 0, 0},
	} {
		const nodes, identities = 20, 1000
		taken := 0
		for node := range byte(nodes) {
			s := follows(t, c.policy(node))
			s.meets(s.peers(c.heard)...)
			honest := identity.Contact(len(s.book.entries) - 1)
			s.meets(s.peers(identities)...)
			for _, contact := range held(s.table) {
				if contact > honest {
					taken++
				}
			}
		}
		share := float64(taken) / nodes / DefaultK
		t.Logf("%T, %d honest peers heard: %d new identities get %.1f %% of a full bucket", c.policy(0), c.heard, identities, 100*share)
		if share < c.from || share > c.to {
			t.Errorf("%T, %d heard: new identities get %v of a full bucket, want %v to %v", c.policy(0), c.heard, share, c.from, c.to)
		}
	}
}

func BenchmarkPrefers(b *testing.B) {
	p := NewPreferring([16]byte{1})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p.Prefers(3, uint32(i))
	}
}
