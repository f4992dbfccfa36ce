package engine

import (
	"slices"

	"kadmium/identity"
	"kadmium/rpc"
)

// sift keeps of the contacts a peer named those that this node may use (design,
// section 3, rule 7): not itself, of a family it can send to, no local address at
// the word of a public peer; and none that is locked out. The slice is scratch, good until the
// next query of the table.
func (e *Engine) sift(from identity.Contact, named []identity.Contact) (usable []identity.Contact, leftOut int) {
	usable = e.scratch[:0]
	public := !identity.IsLocal(e.book.Address(from).Endpoint.Addr())
	for _, c := range named {
		a := e.book.Address(c)
		ip := a.Endpoint.Addr()
		if a.ID == e.cfg.Self || !e.cfg.Families.Has(ip) || public && identity.IsLocal(ip) || e.lockedOut(c) {
			e.counters.ContactsDropped++
			if a.ID != e.cfg.Self {
				leftOut++
			}
			continue
		}
		usable = append(usable, c)
	}
	e.scratch = usable
	return usable, leftOut
}

// siftProviders is the same for the providers that a peer named, which are for the
// application to contact: no local address at the word of a public peer.
func (e *Engine) siftProviders(from identity.Contact, named []rpc.Provider) []rpc.Provider {
	if identity.IsLocal(e.book.Address(from).Endpoint.Addr()) {
		return named
	}
	left := slices.DeleteFunc(named, func(p rpc.Provider) bool { return identity.IsLocal(p.Peer.Endpoint.Addr()) })
	e.counters.ContactsDropped += uint64(len(named) - len(left))
	return left
}
