package engine

import (
	"net/netip"

	"kadmium/identity"
	"kadmium/rpc"
)

// maxProvidersNamed bounds the providers in one answer (design R8.30).
const maxProvidersNamed = 16

// serveProviders answers with a sample of the provider entries of a key and with contacts,
// or with a page of the entries (design R6.25).
func (e *Engine) serveProviders(in *Inbound) {
	m := e.answer(in)
	if after := in.Message.ProvidersAfter; len(after) == len(identity.ID{}) {
		page, more := e.store.ProvidersAfter(e.now, in.Message.Key, identity.ID(after), nil, maxProvidersNamed)
		m.MoreProviders = more
		e.nameProviders(in, m, page, in.Room)
		e.sendReply(in)
		return
	}
	sample, held := e.store.Providers(e.now, in.Message.Key, nil, maxProvidersNamed, e.rnd)
	m.MoreProviders = held > len(sample)
	// At most half of the room goes to providers, so that the lookup gets contacts too.
	e.nameProviders(in, m, sample, in.Room/2)
	e.nameClosest(in, m, in.Room)
	e.sendReply(in)
}

// nameProviders puts into m as many of the entries as room bytes take, but the first even
// if it takes more of the whole room. An asker at a public address is named no entry at a
// local one.
func (e *Engine) nameProviders(in *Inbound, m *rpc.Message, entries []rpc.Provider, room int) {
	public := !identity.IsLocal(e.book.Address(in.From).Endpoint.Addr())
	more, observed := m.MoreProviders, m.Observed
	m.MoreProviders = true // counted either way
	for _, p := range entries {
		if public && identity.IsLocal(p.Peer.Endpoint.Addr()) {
			continue
		}
		m.Providers = append(m.Providers, p)
		n := len(m.Providers)
		if n == 1 && rpc.ContactsRoom(in.Room, m) < 0 { // the first comes before where the asker is seen
			m.Observed = netip.AddrPort{}
		}
		if rpc.ContactsRoom(room, m) < 0 && (n > 1 || rpc.ContactsRoom(in.Room, m) < 0) {
			if m.Providers = m.Providers[:n-1]; n == 1 {
				m.Observed = observed
			}
			return
		}
	}
	m.MoreProviders = more
}
