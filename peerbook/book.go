// Package peerbook is what a node knows of the peers that it has met: where they are and
// when each of their addresses was last heard, whether they answer, which protocols they
// handle, and what the application notes about them (design R7.22, R7.23). It
// has no clock and no lock.
package peerbook

import (
	"slices"
	"time"

	"kadmium/identity"
)

// MaxAddresses bounds the addresses of one peer (design R8.35).
const MaxAddresses = 4

// quiet is for how long the address of a peer that is in use is silent before another one
// that is known takes its place.
const quiet = time.Minute

// A Peer is what is known of one peer. It is the book's memory, valid until the next call.
type Peer struct {
	Addresses []Place // the one in use first
	Met       time.Time
	Serves    bool      // it said so last
	Silent    bool      // it has not answered a request, and was not heard since
	Left      bool      // it has said that it ends, and was not heard since
	Protocols []string  // that it handles, ascending
	More      bool      // it handles others too
	Asked     time.Time // when it said so; zero: it was not asked
}

// A Place is an address of a peer.
type Place struct {
	Contact identity.Contact
	Heard   time.Time // when the peer last answered from there, or sent something under a session
}

// Heard is when the peer was last heard.
func (p *Peer) Heard() time.Time {
	var last time.Time
	for _, a := range p.Addresses {
		if a.Heard.After(last) {
			last = a.Heard
		}
	}
	return last
}

// A Book has the peers that a node has met. New makes it.
type Book struct {
	contacts identity.Book
	limit    int
	keep     func(identity.Contact) bool
	peers    []*Peer
	at       map[identity.Contact]int // the place in peers, by each address
	hand     int                      // where the search for one to forget goes on
	met      uint64
	evicted  uint64
}

// New makes a book of at most limit peers. Those that keep reports are forgotten last.
func New(contacts identity.Book, limit int, keep func(identity.Contact) bool) *Book {
	return &Book{contacts: contacts, limit: limit, keep: keep, at: make(map[identity.Contact]int)}
}

// News is what a message says that was not known.
type News struct {
	Met      bool
	Returned bool             // it had been silent, or had left
	Moved    bool             // it is heard at another address
	Was      identity.Contact // where it was before
}

// Heard notes that a peer has answered at an address, or has sent something under a
// session from an address at which it is proven.
func (b *Book) Heard(now time.Time, c identity.Contact, serves bool) (n News) {
	i, known := b.at[c]
	if !known {
		if i = b.find(b.contacts.Position(c)); i < 0 {
			b.add(now, c, serves)
			return News{Met: true}
		}
	}
	p := b.peers[i]
	n.Returned = p.Silent || p.Left
	if n.Returned {
		p.Protocols, p.More, p.Asked = nil, false, time.Time{} // it may be another program now
	}
	p.Serves, p.Silent, p.Left = serves, false, false
	if !known {
		b.addAddress(i, c)
	}
	n.Moved, n.Was = b.arrive(p, now, c, !known)
	return n
}

// arrive notes when an address was heard, and puts it first if the peer has moved there.
func (b *Book) arrive(p *Peer, now time.Time, c identity.Contact, fresh bool) (moved bool, was identity.Contact) {
	j := slices.IndexFunc(p.Addresses, func(a Place) bool { return a.Contact == c })
	p.Addresses[j].Heard = now
	if j == 0 {
		return false, 0
	}
	first := p.Addresses[0]
	// A host with two addresses is heard at both: only one that was not known takes the
	// place of another of its kind at once.
	if now.Sub(first.Heard) < quiet && !(fresh && b.sameFamily(c, first.Contact)) {
		return false, 0
	}
	place := p.Addresses[j]
	copy(p.Addresses[1:j+1], p.Addresses[:j])
	p.Addresses[0] = place
	return true, first.Contact
}

func (b *Book) sameFamily(x, y identity.Contact) bool {
	return b.contacts.Address(x).Endpoint.Addr().Is4() == b.contacts.Address(y).Endpoint.Addr().Is4()
}

// addAddress adds a further address of a peer, in the place of the one heard longest ago if
// there are too many.
func (b *Book) addAddress(i int, c identity.Contact) {
	p := b.peers[i]
	b.at[c] = i
	if len(p.Addresses) < MaxAddresses {
		p.Addresses = append(p.Addresses, Place{Contact: c})
		return
	}
	oldest := 1
	for j := 2; j < len(p.Addresses); j++ {
		if p.Addresses[j].Heard.Before(p.Addresses[oldest].Heard) {
			oldest = j
		}
	}
	delete(b.at, p.Addresses[oldest].Contact)
	p.Addresses[oldest] = Place{Contact: c}
}

// Silent notes that a peer has not answered a request that began at since. It reports
// whether that is news: the peer is known, was not heard since then, and was not silent.
func (b *Book) Silent(c identity.Contact, since time.Time) bool {
	i, ok := b.at[c]
	if !ok {
		return false
	}
	p := b.peers[i]
	if p.Silent || p.Left || p.Heard().After(since) {
		return false
	}
	p.Silent = true
	return true
}

// Left notes that a peer has said that it ends, and reports whether that is news.
func (b *Book) Left(c identity.Contact) bool {
	i, ok := b.at[c]
	if !ok {
		i = b.find(b.contacts.Position(c))
	}
	if i < 0 || b.peers[i].Left {
		return false
	}
	b.peers[i].Left = true
	return true
}

// SetProtocols notes which protocols a peer handles; more: others too.
func (b *Book) SetProtocols(now time.Time, c identity.Contact, names []string, more bool) {
	if i, ok := b.at[c]; ok {
		p := b.peers[i]
		p.Protocols, p.More, p.Asked = slices.Clone(names), more, now
	}
}

// Find is the peer at a position, nil if it is not known.
func (b *Book) Find(p *identity.Position) *Peer {
	if i := b.find(p); i >= 0 {
		return b.peers[i]
	}
	return nil
}

func (b *Book) find(position *identity.Position) int {
	return slices.IndexFunc(b.peers, func(p *Peer) bool { return *b.contacts.Position(p.Addresses[0].Contact) == *position })
}

// Each calls f with every peer.
func (b *Book) Each(f func(*Peer)) {
	for _, p := range b.peers {
		f(p)
	}
}

// EachContact calls keep with every contact that the book holds.
func (b *Book) EachContact(keep func(identity.Contact)) {
	for c := range b.at {
		keep(c)
	}
}

// Stats counts what a book holds and has forgotten.
type Stats struct {
	Known   int
	Met     uint64 // peers
	Evicted uint64 // peers forgotten as the book was full
}

// Stats is the present state in figures.
func (b *Book) Stats() Stats { return Stats{Known: len(b.peers), Met: b.met, Evicted: b.evicted} }
