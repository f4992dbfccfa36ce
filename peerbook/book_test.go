package peerbook

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kadmium/identity"
)

var start = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// A story is a book and what happens to its peers, told by number.
type story struct {
	t        *testing.T
	contacts identity.Contacts
	book     *Book
	now      time.Time
	kept     map[identity.Contact]bool
}

func newStory(t *testing.T, limit int) *story {
	s := &story{t: t, now: start, kept: make(map[identity.Contact]bool)}
	s.book = New(&s.contacts, limit, func(c identity.Contact) bool { return s.kept[c] })
	return s
}

// peer is peer n at an address.
func (s *story) peer(n int, at string) identity.Contact {
	return s.contacts.Intern(identity.Address{ID: identity.ID{byte(n), byte(n >> 8), 1}, Endpoint: netip.MustParseAddrPort(at)})
}

func (s *story) wait(d time.Duration) { s.now = s.now.Add(d) }

func (s *story) heard(c identity.Contact, want News) {
	s.t.Helper()
	if got := s.book.Heard(s.now, c, true); got != want {
		s.t.Errorf("heard %v: %+v, want %+v", s.contacts.Address(c).Endpoint, got, want)
	}
}

func (s *story) silent(c identity.Contact, since time.Duration, want bool) {
	s.t.Helper()
	if got := s.book.Silent(c, s.now.Add(-since)); got != want {
		s.t.Errorf("silent since %v: %v", since, got)
	}
}

// addresses are those of peer n, the one in use first.
func (s *story) addresses(n int) (all []string) {
	id := identity.ID{byte(n), byte(n >> 8), 1}
	p := id.Position()
	for _, a := range s.book.Find(&p).Addresses {
		all = append(all, s.contacts.Address(a.Contact).Endpoint.String())
	}
	return all
}

func TestPeerFallsSilentAndReturns(t *testing.T) {
	s := newStory(t, 10)
	c := s.peer(1, "20.0.1.1:4100")
	s.silent(c, time.Second, false) // it was never met
	s.heard(c, News{Met: true})
	s.heard(c, News{})
	s.book.SetProtocols(s.now, c, []string{"/chat/1"}, false)
	s.wait(time.Minute)
	s.silent(c, 2*time.Minute, false) // it was heard since the request began
	s.silent(c, time.Second, true)
	s.silent(c, time.Second, false) // no news
	s.wait(time.Minute)
	p := s.book.Find(s.contacts.Position(c))
	if len(p.Protocols) != 1 || !p.Heard().Equal(start) {
		t.Errorf("%+v", p)
	}
	s.heard(c, News{Returned: true})
	if p.Protocols != nil || !p.Asked.IsZero() || p.Silent {
		t.Errorf("a peer that returned is %+v", p)
	}
	if !s.book.Left(c) || s.book.Left(c) {
		t.Error("that a peer leaves is news once")
	}
	s.silent(c, 0, false) // it has left
	s.heard(c, News{Returned: true})
}

func TestPeerMoves(t *testing.T) {
	s := newStory(t, 10)
	one, two := s.peer(1, "20.0.1.1:4100"), s.peer(1, "20.0.2.1:4100")
	s.heard(one, News{Met: true})
	s.wait(time.Second)
	s.heard(two, News{Moved: true, Was: one})
	s.heard(one, News{}) // one of a host with two addresses
	s.wait(30 * time.Second)
	s.heard(one, News{})
	s.wait(50 * time.Second)
	s.heard(one, News{Moved: true, Was: two}) // the other was not heard for a minute
	six := s.peer(1, "[2001:db8::1]:4100")
	s.heard(six, News{}) // a further address of another kind
	if got, want := s.addresses(1), []string{"20.0.1.1:4100", "20.0.2.1:4100", "[2001:db8::1]:4100"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	s.wait(time.Second)
	for i := range 5 {
		s.heard(s.peer(1, fmt.Sprintf("20.1.%d.1:4100", i)), News{Moved: true, Was: s.book.peers[0].Addresses[0].Contact})
		s.wait(time.Second)
	}
	if got, want := s.addresses(1), []string{"20.1.4.1:4100", "20.1.3.1:4100", "20.1.2.1:4100", "20.1.1.1:4100"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// A full book forgets the peer that was heard longest ago, first of those that need not be
// kept.
func TestFullBookForgets(t *testing.T) {
	s := newStory(t, 4)
	for i := range 4 {
		s.wait(time.Second)
		s.heard(s.peer(i, "20.0.1.1:4100"), News{Met: true})
	}
	s.kept[s.peer(0, "20.0.1.1:4100")] = true
	s.heard(s.peer(9, "20.0.1.1:4100"), News{Met: true})
	for i, want := range map[int]bool{0: true, 1: false, 2: true, 3: true, 9: true} {
		if got := s.book.Find(s.contacts.Position(s.peer(i, "20.0.1.1:4100"))) != nil; got != want {
			t.Errorf("peer %d is known: %v", i, got)
		}
	}
	if got := s.book.Stats(); got != (Stats{Known: 4, Met: 5, Evicted: 1}) {
		t.Errorf("%+v", got)
	}
}

// Whatever happens, each address leads to its peer, and no limit is passed.
func TestBookIsConsistent(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := newStory(t, 5)
		for range rapid.IntRange(1, 200).Draw(r, "steps") {
			c := s.peer(rapid.IntRange(0, 8).Draw(r, "peer"), fmt.Sprintf("20.0.%d.1:4100", rapid.IntRange(0, 6).Draw(r, "address")))
			s.wait(time.Duration(rapid.IntRange(0, 90).Draw(r, "wait")) * time.Second)
			switch rapid.IntRange(0, 5).Draw(r, "what") {
			case 0:
				s.book.Silent(c, s.now)
			case 1:
				s.book.Left(c)
			default:
				s.book.Heard(s.now, c, true)
			}
		}
		addresses := 0
		for i, p := range s.book.peers {
			addresses += len(p.Addresses)
			if len(p.Addresses) > MaxAddresses || s.book.find(s.contacts.Position(p.Addresses[0].Contact)) != i {
				r.Fatalf("peer %d is %+v", i, p)
			}
			for _, a := range p.Addresses {
				if s.book.at[a.Contact] != i || *s.contacts.Position(a.Contact) != *s.contacts.Position(p.Addresses[0].Contact) {
					r.Fatalf("address %v of peer %d leads to %d", a, i, s.book.at[a.Contact])
				}
			}
		}
		if addresses != len(s.book.at) || len(s.book.peers) > 5 {
			r.Fatalf("%d addresses, %d are known; %d peers", addresses, len(s.book.at), len(s.book.peers))
		}
	})
}
