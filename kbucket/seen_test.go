package kbucket

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"kadmium/identity"
)

// A story is a table told of contacts one by one, in bucket 0 unless it says
// otherwise, each at a public address of its own subnet.
type story struct {
	*testing.T
	table *Table
	book  *testBook
	rnd   *rand.Rand
	now   time.Time
}

// newStory begins with an empty table; a limit of zero means the usual one.
func newStory(t *testing.T, l limits) *story {
	s := &story{T: t, book: &testBook{}, rnd: rand.New(rand.NewPCG(3, 4)), now: start}
	s.table = New(randomPosition(s.rnd), s.book, l.k)
	got := &s.table.limits
	got.replacements = cmp.Or(l.replacements, got.replacements)
	got.perSubnetBucket = cmp.Or(l.perSubnetBucket, got.perSubnetBucket)
	got.perSubnetTable = cmp.Or(l.perSubnetTable, got.perSubnetTable)
	return s
}

// peer is a new contact of bucket cpl.
func (s *story) peer(cpl int) identity.Contact {
	return s.book.addAt(inBucket(s.rnd, &s.table.self, cpl), publicIP(len(s.book.entries)))
}

// peers is n new contacts of bucket 0.
func (s *story) peers(n int) []identity.Contact {
	all := make([]identity.Contact, n)
	for i := range all {
		all[i] = s.peer(0)
	}
	return all
}

// moved is the same peer at another address.
func (s *story) moved(c identity.Contact) identity.Contact {
	return s.book.addAt(*s.book.Position(c), publicIP(len(s.book.entries)))
}

// seen tells the table of the contacts, a second apart, and checks the outcome.
func (s *story) seen(want Outcome, contacts ...identity.Contact) {
	s.Helper()
	for _, c := range contacts {
		s.now = s.now.Add(time.Second)
		if got := s.table.Seen(s.now, c); got != want {
			s.Fatalf("Seen(%d) = %v, want %v\n%v", c, got, want, s.table)
		}
	}
}

func (s *story) failed(c identity.Contact, wantEvicted bool, wantPromoted identity.Contact) {
	s.Helper()
	evicted, promoted := s.table.Failed(c)
	if evicted != wantEvicted || promoted != wantPromoted {
		s.Fatalf("Failed(%d) = %v, %d, want %v, %d\n%v", c, evicted, promoted, wantEvicted, wantPromoted, s.table)
	}
}

func (s *story) wantHeld(want ...identity.Contact) {
	s.Helper()
	if got := held(s.table); !slices.Equal(got, want) {
		s.Fatalf("the table holds %v, want %v\n%v", got, want, s.table)
	}
}

// Section 2.2: "each k-bucket is kept sorted by time last seen", least recently
// seen at the head; a known contact moves to the tail.
func TestSeenMovesToTail(t *testing.T) {
	s := newStory(t, limits{})
	p := s.peers(3)
	s.seen(Added, p...)
	s.seen(Moved, p[0])
	s.wantHeld(p[1], p[2], p[0])
	s.seen(Moved, p[2])
	s.wantHeld(p[1], p[0], p[2])
}

// A word from a contact forgets its failures: only failures in a row count.
func TestSeenForgetsFailures(t *testing.T) {
	s := newStory(t, limits{})
	p := s.peer(0)
	s.seen(Added, p)
	for range 3 {
		for range MaxFailures - 1 {
			s.failed(p, false, 0)
		}
		s.seen(Moved, p)
	}
	s.wantHeld(p)
}

// Section 2.2 and 4.1: a full bucket keeps its old contacts, and the newcomer
// waits.
func TestFullBucketKeepsItsContacts(t *testing.T) {
	s := newStory(t, limits{})
	old := s.peers(DefaultK)
	s.seen(Added, old...)
	s.seen(Waiting, s.peers(3*DefaultK)...)
	s.wantHeld(old...)
	s.seen(Added, s.peer(1))
}

func TestSeenRefusesSelf(t *testing.T) {
	s := newStory(t, limits{})
	self := s.book.add(s.table.self, "20.0.0.1")
	s.seen(Refused, self)
	if evicted, _ := s.table.Failed(self); evicted || s.table.Len() != 0 {
		t.Fatal("the node is in its own table")
	}
}

// Two peers may share any number of bits with the node: the last bucket too
// works as the first.
func TestEveryDepth(t *testing.T) {
	s := newStory(t, limits{})
	var all []identity.Contact
	for cpl := range identity.Bits {
		c := s.peer(cpl)
		s.seen(Added, c)
		s.seen(Moved, c)
		all = append(all, c)
	}
	s.wantHeld(all...)
	slices.Reverse(all)
	if got := s.table.Nearest(nil, &s.table.self, len(all)); !slices.Equal(got, all) {
		t.Fatalf("nearest to self: %v, want %v", got, all)
	}
}

// A known peer heard from another address keeps its place under its old one,
// until Replace says that the new one was checked.
func TestMovedPeer(t *testing.T) {
	s := newStory(t, limits{})
	p := s.peers(3)
	s.seen(Added, p...)
	s.failed(p[1], false, 0)
	there := s.moved(p[1])
	s.seen(Elsewhere, there)
	s.wantHeld(p...)
	if s.table.Replace(p[1], p[2]) || s.table.Replace(there, p[1]) || s.table.Replace(s.peer(9), p[1]) {
		t.Fatal("a contact took the place of another peer, or of none")
	}
	if !s.table.Replace(p[1], there) {
		t.Fatal("the new address was refused")
	}
	s.wantHeld(p[0], there, p[2])
	if c, ok := s.table.Find(s.book.Position(p[1])); !ok || c != there {
		t.Fatalf("Find = %d, %v, want %d", c, ok, there)
	}
	s.seen(Elsewhere, p[1])
	s.seen(Moved, there)
	s.wantHeld(p[0], p[2], there)
}

func TestOutcomeNames(t *testing.T) {
	for o, want := range map[Outcome]string{Refused: "refused", Elsewhere: "elsewhere", 99: "unknown"} {
		if got := o.String(); got != want {
			t.Errorf("Outcome(%d) is %q, want %q", o, got, want)
		}
	}
}
