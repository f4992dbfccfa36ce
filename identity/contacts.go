package identity

// A Contact is a 4-byte handle to a peer at an address, given out by a Book.
// 0 is no contact. Two contacts may be one peer at two addresses.
type Contact uint32

// A Book knows what contacts stand for. A real node injects its own Contacts;
// the simulator injects one book that all its nodes share.
type Book interface {
	// Position is where the contact's peer stands. It may be kept only until
	// the book's next change.
	Position(Contact) *Position
	// Address is the contact's ID and endpoint.
	Address(Contact) Address
	// Intern is the handle of a peer at an address, new if need be.
	Intern(Address) Contact
}

// Contacts is the Book of one real node: peers it heard of, each at an address.
// Handles stay valid until a Sweep that does not keep them. The zero value is
// ready to use. Not safe for concurrent use.
type Contacts struct {
	byAddress map[Address]Contact
	entries   []contactEntry // entries[0] stands for no contact
	free      []Contact
}

type contactEntry struct {
	address  Address
	position Position
	kept     bool
}

// Intern is the handle of the peer at the address. An address whose ID is not
// known gets a handle too; its position means nothing.
func (b *Contacts) Intern(a Address) Contact {
	if c, ok := b.byAddress[a]; ok {
		return c
	}
	if b.byAddress == nil {
		b.byAddress = make(map[Address]Contact)
		b.entries = make([]contactEntry, 1)
	}
	var c Contact
	if n := len(b.free); n > 0 {
		c, b.free = b.free[n-1], b.free[:n-1]
	} else {
		c = Contact(len(b.entries))
		b.entries = append(b.entries, contactEntry{})
	}
	b.entries[c] = contactEntry{address: a, position: a.ID.Position()}
	b.byAddress[a] = c
	return c
}

// Position is where the contact's peer stands.
func (b *Contacts) Position(c Contact) *Position { return &b.entries[c].position }

// Address is the contact's ID and endpoint.
func (b *Contacts) Address(c Contact) Address { return b.entries[c].address }

// Len is the number of contacts known.
func (b *Contacts) Len() int { return len(b.byAddress) }

// Sweep forgets every contact that keep is not called with: each is called once
// with a function that marks what is still held somewhere.
func (b *Contacts) Sweep(each func(keep func(Contact))) {
	each(func(c Contact) {
		if int(c) < len(b.entries) {
			b.entries[c].kept = true
		}
	})
	for i := range b.entries {
		e := &b.entries[i]
		if !e.kept && e.address != (Address{}) {
			delete(b.byAddress, e.address)
			*e = contactEntry{}
			b.free = append(b.free, Contact(i))
		}
		e.kept = false
	}
}
