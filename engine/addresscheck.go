package engine

import (
	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/session"
)

// maxMoved bounds the new addresses that are being checked, one per peer (design R8.22).
// Otherwise a peer that forges its source address could have many addresses pinged.
const maxMoved = 64

// checkAddress pings a known peer at a new address that it was heard from. The address in
// the table changes only after an answer from there (design R4.6). The PING is never a
// first contact, not even where a NOSESSION comes from there: that would be a large datagram
// to a possible victim. It has one try, whose loss says nothing: the next datagram
// from there draws another. It reports whether it sent a PING.
func (e *Engine) checkAddress(c identity.Contact) bool {
	id := e.book.Address(c).ID
	if _, ok := e.moved[id]; ok || len(e.moved) >= maxMoved {
		return false
	}
	p := &addressCheck{e: e, to: c}
	p.owner = e.register(p, 0)
	if e.moved == nil {
		e.moved = make(map[identity.ID]identity.Contact)
	}
	e.moved[id] = c
	if !e.askMarked(p.owner, c, e.newRequest(rpc.Ping), sessionOnly|thoughtGone) {
		p.end()
		return false
	}
	return true
}

// probeMoved sends that PING beside the answer to a request from an address that is not
// proven. Where the answer is a record, which cannot be cut, it leaves the PING to another
// request.
func (e *Engine) probeMoved(in *Inbound) {
	if in.Message.Type == rpc.FindValue {
		if _, ok := e.store.Get(e.now, in.Message.Key); ok {
			return
		}
	}
	if e.checkAddress(in.From) {
		in.Room -= probeSize
	}
}

// probeSize is the size of that PING, which leaves so much less room for the reply: both
// together have at most 3 times the size of the datagram that drew them (wire.md rule 6).
const probeSize = session.SessionOverhead

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
