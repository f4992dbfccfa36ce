package identity

import (
	"hash/maphash"
	"net/netip"
)

// A Contact is a 4-byte handle to a peer at an address, made by a Book (design R1.18).
// 0 is no contact. Two contacts may be one peer at two addresses.
type Contact uint32

// A Book maps contacts to peers and addresses. A real node injects its own Contacts;
// the simulator injects one book that all its nodes share.
type Book interface {
	// Position is the position of the contact's peer: memory of the book, valid for as
	// long as the contact is.
	Position(Contact) *Position
	// Address is the contact's ID and endpoint.
	Address(Contact) Address
	// Intern is the handle of a peer at an address, new if need be.
	Intern(Address) Contact
}

// Contacts is the Book of one real node: the peers it has learnt of, each at an address.
// Handles stay valid until a Sweep that does not keep them (design R1.19). The zero
// value is ready to use. Not safe for concurrent use.
//
// A process may have thousands of nodes, so an entry takes 84 bytes and its place in the
// index 8 to 16.
type Contacts struct {
	pages []*[pageSize]contactEntry // entry 0 is for no contact
	used  int                       // entries ever used, entry 0 included
	index []Contact                 // open addressing by hash; a power of two, at most half full
	free  []Contact
	count int
	seed  maphash.Seed
}

// pageSize is how many entries are allocated at once: they never move.
const pageSize = 32

type contactEntry struct {
	id       ID
	ip       [16]byte // an IPv4 address in its mapped form
	port     uint16
	state    entryState
	position Position
}

type entryState uint8

const (
	unused  entryState = iota
	known4                    // IPv4
	known6                    // IPv6
	noplace                   // no valid endpoint
	kept    entryState = 0x80 // marked during a Sweep
)

func newEntry(a Address) contactEntry {
	e := contactEntry{id: a.ID, state: noplace, position: a.ID.Position()}
	if ip := a.Endpoint.Addr(); ip.IsValid() {
		e.ip, e.port, e.state = ip.As16(), a.Endpoint.Port(), known6
		if ip.Is4() {
			e.state = known4
		}
	}
	return e
}

func (e *contactEntry) address() Address {
	switch e.state &^ kept {
	case known4:
		return Address{e.id, netip.AddrPortFrom(netip.AddrFrom4([4]byte(e.ip[12:])), e.port)}
	case known6:
		return Address{e.id, netip.AddrPortFrom(netip.AddrFrom16(e.ip), e.port)}
	}
	return Address{ID: e.id}
}

func (b *Contacts) entry(c Contact) *contactEntry { return &b.pages[c/pageSize][c%pageSize] }

// slot is where the address is in the index, or the free place for it.
func (b *Contacts) slot(a Address) int {
	mask := len(b.index) - 1
	i := int(maphash.Comparable(b.seed, a)) & mask
	for b.index[i] != 0 && b.entry(b.index[i]).address() != a {
		i = (i + 1) & mask
	}
	return i
}

// Intern is the handle of the peer at the address. An address whose ID is not known has
// a handle too; its position has no meaning.
func (b *Contacts) Intern(a Address) Contact {
	if a.Endpoint.Addr().Zone() != "" { // a zone means nothing to another machine
		a.Endpoint = netip.AddrPortFrom(a.Endpoint.Addr().WithZone(""), a.Endpoint.Port())
	}
	if b.index == nil {
		b.seed = maphash.MakeSeed()
		b.pages = append(b.pages, new([pageSize]contactEntry))
		b.used = 1
		b.rehash(16)
	}
	i := b.slot(a)
	if c := b.index[i]; c != 0 {
		return c
	}
	var c Contact
	if n := len(b.free); n > 0 {
		c, b.free = b.free[n-1], b.free[:n-1]
	} else {
		c = Contact(b.used)
		if b.used++; b.used > len(b.pages)*pageSize {
			b.pages = append(b.pages, new([pageSize]contactEntry))
		}
	}
	*b.entry(c) = newEntry(a)
	b.index[i] = c
	if b.count++; 2*b.count > len(b.index) {
		b.rehash(2 * len(b.index))
	}
	return c
}

func (b *Contacts) rehash(size int) {
	b.index = make([]Contact, size)
	for c := range Contact(b.used) {
		if e := b.entry(c); e.state != unused {
			b.index[b.slot(e.address())] = c
		}
	}
}

// Position is the position of the contact's peer.
func (b *Contacts) Position(c Contact) *Position { return &b.entry(c).position }

// Address is the contact's ID and endpoint.
func (b *Contacts) Address(c Contact) Address { return b.entry(c).address() }

// Len is the number of known contacts.
func (b *Contacts) Len() int { return b.count }

// Sweep forgets every contact that is not kept. It calls each once, with a function
// that keeps a contact which is still held somewhere.
func (b *Contacts) Sweep(each func(keep func(Contact))) {
	each(func(c Contact) {
		if int(c) >= b.used {
			return
		}
		if e := b.entry(c); e.state != unused {
			e.state |= kept
		}
	})
	for c := range Contact(b.used) {
		e := b.entry(c)
		if e.state == unused {
			continue
		}
		if e.state&kept == 0 {
			*e = contactEntry{}
			b.free = append(b.free, c)
			b.count--
			continue
		}
		e.state &^= kept
	}
	if b.index != nil {
		b.rehash(len(b.index))
	}
}
