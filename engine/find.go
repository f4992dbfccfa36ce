package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
)

// Closest finds the k closest nodes to a target that answer (design R5.6, R5.7).
func (e *Engine) Closest(now time.Time, op OpID, target identity.Position, fx []Effect) []Effect {
	e.enter(now, fx)
	l := e.newLookup(op, ForClosest, rpc.FindNode, nil, target)
	l.onEnd = func(reason lookup.Reason) {
		r := l.result()
		r.Size, _ = l.state.SizeSample()
		if r.Contacts = l.state.Closest(nil); len(r.Contacts) == 0 {
			r.Err = failure(reason)
		}
		e.finish(op, r)
	}
	if e.begin(op, l) {
		l.start()
	}
	return e.leave()
}

// FindPeer finds the address of a peer, confirmed by an answer of the peer itself.
func (e *Engine) FindPeer(now time.Time, op OpID, id identity.ID, fx []Effect) []Effect {
	e.enter(now, fx)
	l := e.newLookup(op, ForPeer, rpc.FindNode, nil, id.Position())
	l.sought = e.contactOf(id)
	var found identity.Contact
	l.onAnswer = func(from identity.Contact, _ *Inbound) identity.Contact {
		if e.book.Address(from).ID == id {
			found = from
		}
		return found
	}
	l.onEnd = func(reason lookup.Reason) {
		r := l.result()
		if r.Peer = found; found == 0 {
			r.Err = l.notFound(reason)
		}
		e.finish(op, r)
	}
	if e.begin(op, l) {
		l.start()
	}
	return e.leave()
}

// contactOf returns the peer's contact in the routing table if its round trip time was
// measured, and 0 otherwise (design R5.11).
func (e *Engine) contactOf(id identity.ID) identity.Contact {
	at := id.Position()
	e.scratch().contacts = e.table.Nearest(e.scratch().contacts[:0], &at, 1)
	if len(e.scratch().contacts) == 0 || e.book.Address(e.scratch().contacts[0]).ID != id || !e.rtts.knows(e.scratch().contacts[0]) {
		return 0
	}
	return e.scratch().contacts[0]
}
