package lookup

import (
	"math/bits"
	"slices"
	"time"

	"kadmium/identity"
)

// The states of a candidate.
type state uint8

const (
	unasked  state = iota
	spare          // another address of a peer that is unasked, asked or set aside
	asked          // waited for
	aside          // waited for, beyond its expected round trip
	overrun        // asked, and not waited for any more; its answer is still taken
	answered       // and thereby verified
	failed
)

// A Candidate is a contact that the lookup has learnt of.
type Candidate struct {
	near    uint64        // first 64 bits of its distance to the target
	sent    time.Duration // when it was asked, from the start of the lookup
	contact identity.Contact
	namedBy identity.Contact // 0: our own table
	host    uint32           // by which addresslimit.go counts it; 0: not counted
	round   uint16
	subnet  uint16 // likewise for its subnet
	hop     uint8
	state   state
	path    uint8 // that asked it
	paths   uint8 // that know it, one bit each
	burst   bool  // asked by the burst rule
	found   bool  // it had what is sought
	// alternate: another address of the peer failed before.
	alternate bool
	elsewhere bool // another path has asked it, see Skip
	slow      bool // by isSlow, when it was asked
}

// A shortlist holds the candidates by their distance to the target, nearest
// first. Most comparisons need only the 64 bits that each candidate caches; for the
// others the book has the position. Candidates of one peer are adjacent: the addresses
// that failed, the one in use, the spares.
type shortlist struct {
	entries []Candidate
	book    identity.Book
	target  identity.Position
	prefix  uint64 // of target
	most    int
}

// usualCandidates is the capacity that a lookup starts with: among 10,000 nodes it
// learns of about a hundred contacts.
const usualCandidates = 80

func newShortlist(book identity.Book, target identity.Position, most int, memory []Candidate) shortlist {
	if memory == nil {
		memory = make([]Candidate, 0, min(most, usualCandidates))
	}
	return shortlist{entries: memory, book: book, target: target, prefix: target.Prefix(), most: most}
}

// search is the index of the first candidate that is no nearer than c, given with
// the first 64 bits of its distance.
func (s *shortlist) search(c identity.Contact, near uint64) int {
	lo, hi := 0, len(s.entries)
	for lo < hi {
		if mid := int(uint(lo+hi) / 2); s.entries[mid].near < near {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	for ; lo < len(s.entries); lo++ {
		e := &s.entries[lo]
		if e.near != near || e.contact == c ||
			identity.Compare(&s.target, s.book.Position(e.contact), s.book.Position(c)) >= 0 {
			break
		}
	}
	return lo
}

// index is where contact c is, -1 if it is not held.
func (s *shortlist) index(c identity.Contact) int {
	near := s.book.Position(c).Prefix() ^ s.prefix
	for i := s.search(c, near); i < len(s.entries) && s.entries[i].near == near; i++ {
		if s.entries[i].contact == c {
			return i
		}
	}
	return -1
}

// insert puts e, which is not held, at index i, its place by distance. If the list is
// full it drops the farthest candidate that was not asked; if that is e itself, insert
// returns false. A candidate that was asked stays, so that no contact is asked twice,
// and so the size of the list bounds the requests.
func (s *shortlist) insert(i int, e Candidate) bool {
	if len(s.entries) < s.most {
		s.entries = append(s.entries, Candidate{})
		copy(s.entries[i+1:], s.entries[i:])
		s.entries[i] = e
		return true
	}
	for j := len(s.entries) - 1; j >= i; j-- {
		if s.entries[j].state == unasked || s.entries[j].state == spare {
			copy(s.entries[i+1:j+1], s.entries[i:j])
			s.entries[i] = e
			return true
		}
	}
	return false
}

// distance is the XOR distance of a candidate to the target, in bits.
func (s *shortlist) distance(e *Candidate) int {
	if e.near != 0 {
		return identity.Bits - bits.LeadingZeros64(e.near)
	}
	return identity.DistanceBits(&s.target, s.book.Position(e.contact))
}

// seed puts the searcher's own contacts on the list, divided among the paths.
func (l *Lookup) seed(seeds []identity.Contact) {
	n := 0
	for _, c := range seeds {
		if l.admit(c, &Candidate{}, l.seedPath(n)) {
			n++
		}
	}
}

// take puts what the rule takes of an answer on the list and reports how many were new.
func (l *Lookup) take(by *Candidate, named []identity.Contact) (taken int) {
	n := min(len(named), l.cfg.K)
	var room [2 * DefaultK]identity.Contact
	left := append(room[:0], named[:n]...) // that were named and not taken; the rule may change named
	for _, c := range l.paths[by.path].rule.Take(l.view(int(by.path)), by, named[:n:n]) {
		switch i := slices.Index(left, c); {
		case i < 0:
			continue // was taken, or not named
		case i == 0:
			left = left[1:]
		default:
			left = slices.Delete(left, i, i+1)
		}
		if l.admit(c, by, 1<<by.path) {
			taken++
		}
	}
	l.omitted = l.omitted || slices.ContainsFunc(left, func(c identity.Contact) bool {
		return l.list.index(c) < 0 && *l.list.book.Position(c) != l.self
	})
	return taken
}

// admit puts a contact that another named on the list, on the given paths, unless it is
// the searcher, is known, or is refused by the rule on alternates or on addresses.
func (l *Lookup) admit(c identity.Contact, by *Candidate, paths uint8) bool {
	s := &l.list
	p := s.book.Position(c)
	e := Candidate{near: p.Prefix() ^ s.prefix, contact: c, namedBy: by.contact, hop: nextHop(by.hop), paths: paths}
	wanted := *p != l.self
	l.refer(by, e.near)
	i := s.search(c, e.near)
	for ; i < len(s.entries) && s.entries[i].near == e.near; i++ {
		other := &s.entries[i]
		if other.contact != c && *s.book.Position(other.contact) != *p {
			break
		}
		wanted = joins(&e, other) && wanted
	}
	return wanted && l.addressAllowed(&e, by) && s.insert(i, e)
}
