package engine

import (
	"slices"

	"kadmium/identity"
	"kadmium/rpc"
)

// sift returns those of the contacts named by a peer that this node may use (design
// R3.7): not this node itself, of an address family that it can send to, not locked out,
// and no local address if the naming peer's address is public. leftOut is the number of
// the others, this node not counted. The result is scratch memory, valid until the next
// query of the table.
func (e *Engine) sift(from identity.Contact, named []identity.Contact) (usable []identity.Contact, leftOut int) {
	usable = e.scratch().contacts[:0]
	public := !identity.IsLocal(e.book.Address(from).Endpoint.Addr())
	for _, c := range named {
		a := e.book.Address(c)
		ip := a.Endpoint.Addr()
		if a.ID == e.cfg.Self || !e.cfg.Families.Has(ip) || public && identity.IsLocal(ip) || e.lockedOut(c) {
			e.counters.seldom().ContactsDropped++
			if a.ID != e.cfg.Self {
				leftOut++
			}
			continue
		}
		usable = append(usable, c)
	}
	e.scratch().contacts = usable
	return usable, leftOut
}

// siftProviders does the same for providers, which the application contacts: it leaves
// out local addresses named by a peer with a public one.
func (e *Engine) siftProviders(from identity.Contact, named []rpc.Provider) []rpc.Provider {
	if identity.IsLocal(e.book.Address(from).Endpoint.Addr()) {
		return named
	}
	left := slices.DeleteFunc(named, func(p rpc.Provider) bool { return identity.IsLocal(p.Peer.Endpoint.Addr()) })
	if dropped := len(named) - len(left); dropped > 0 {
		e.counters.seldom().ContactsDropped += uint64(dropped)
	}
	return left
}
