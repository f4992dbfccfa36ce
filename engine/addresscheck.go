package engine

import (
	"kadmium/identity"
	"kadmium/rpc"
)

// maxMoved bounds the new addresses that are being checked, one per peer. Otherwise a
// peer that forges its source address could have many addresses pinged.
const maxMoved = 64

// checkAddress pings a known peer at a new address that it was heard from. The address in
// the table changes only after an answer from there (design R4.6). The PING is never a
// first contact: the peer has just used its session, and a first contact would be a large
// datagram to a possible victim.
func (e *Engine) checkAddress(c identity.Contact) {
	id := e.book.Address(c).ID
	if _, ok := e.moved[id]; ok || len(e.moved) >= maxMoved {
		return
	}
	p := &addressCheck{e: e, to: c}
	p.owner = e.register(p, 0)
	if e.moved == nil {
		e.moved = make(map[identity.ID]identity.Contact)
	}
	e.moved[id] = c
	if !e.askMarked(p.owner, c, e.newRequest(rpc.Ping), underSession) {
		p.end()
	}
}

// An addressCheck is a PING to a new address of a known peer.
type addressCheck struct {
	e     *Engine
	owner owner
	to    identity.Contact
}

func (p *addressCheck) answered(_ *rpc.Request, in *Inbound) {
	if old, ok := p.e.table.Find(p.e.book.Position(p.to)); ok && old != p.to && in.From == p.to {
		if p.e.table.Replace(old, p.to) {
			p.e.tableUnsaved = true
			p.e.table.Seen(p.e.now, p.to)
		}
	}
	p.end()
}

func (p *addressCheck) failed(*rpc.Request) { p.end() }

func (p *addressCheck) overran(*rpc.Request) {}

func (p *addressCheck) contacts(keep func(identity.Contact)) { keep(p.to) }

func (p *addressCheck) end() {
	delete(p.e.moved, p.e.book.Address(p.to).ID)
	p.e.unregister(p.owner)
}
