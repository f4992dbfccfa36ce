package engine

import (
	"kadmium/identity"
	"kadmium/kbucket"
	"kadmium/rpc"
)

// contacted follows an authenticated round trip with a peer at an address: if it
// serves it belongs in the table (design, section 4).
func (e *Engine) contacted(c identity.Contact, serves bool) {
	if !serves {
		if removed, promoted := e.table.Remove(c); removed {
			e.contactLeft(c, promoted)
		}
		return
	}
	e.unresponsive.forget(c)
	switch e.table.Seen(e.now, c) {
	case kbucket.Added:
		e.tableUnsaved = true
		e.event(Event{Kind: PeerAdded, Contact: c})
		e.queueHandovers(c)
	case kbucket.Waiting:
		if old, ok := e.table.Probe(e.now, c); ok {
			e.probeAt(old, e.now) // at most one a bucket a minute
		}
		e.queueHandovers(c)
	case kbucket.Elsewhere:
		e.checkAddress(c)
	}
}

// contactFailed follows the failure of all tries of a request that counts.
func (e *Engine) contactFailed(c identity.Contact) {
	evicted, promoted := e.table.Failed(c)
	if e.table.Failures(c) > 0 {
		e.suspect(c)
		return
	}
	e.unresponsive.add(c, e.now)
	if evicted {
		e.contactLeft(c, promoted)
	}
}

// contactLeft follows the departure of a contact, and the promotion of another if it
// is not 0.
func (e *Engine) contactLeft(c, promoted identity.Contact) {
	e.tableUnsaved = true
	e.forgetNewcomer(c) // should it return, it may have forgotten its keys
	e.event(Event{Kind: PeerRemoved, Contact: c})
	if promoted != 0 {
		e.event(Event{Kind: PeerAdded, Contact: promoted})
	}
}

// maxMoved bounds the new addresses that are being checked at once, one a peer: a
// peer that forges its source could else have many addresses pinged.
const maxMoved = 64

// checkAddress pings a known peer at the new address it was heard from; the
// table's address changes only after an answer from there (design, section 3). The
// peer has just used its session, and a first contact would be a large datagram to
// whoever lives there.
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

// An addressCheck is a PING to a known peer's new address.
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

func (p *addressCheck) failed(*rpc.Request)                  { p.end() }
func (p *addressCheck) overran(*rpc.Request)                 {}
func (p *addressCheck) contacts(keep func(identity.Contact)) { keep(p.to) }

func (p *addressCheck) end() {
	delete(p.e.moved, p.e.book.Address(p.to).ID)
	p.e.unregister(p.owner)
}

// closerThanSelf counts the live contacts nearer to a position than this node,
// up to a small multiple of k.
func (e *Engine) closerThanSelf(p *identity.Position) int {
	e.scratch = e.table.Nearest(e.scratch[:0], p, 2*e.cfg.K)
	for i, c := range e.scratch {
		if identity.Compare(p, e.book.Position(c), &e.cfg.Position) > 0 {
			return i
		}
	}
	return len(e.scratch)
}

// between is the number of nodes that stand between this node and the k closest
// to a key, so far as it knows: 0 when it is one of them.
func (e *Engine) between(p *identity.Position) int {
	return max(0, e.closerThanSelf(p)-e.cfg.K+1)
}
