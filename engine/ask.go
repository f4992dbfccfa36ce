package engine

import (
	"kadmium/identity"
	"kadmium/rpc"
)

// newRequest returns an empty request message with a new random ID.
func (e *Engine) newRequest(t rpc.Type) *rpc.Message {
	m := e.scratch().request()
	m.Type = t
	m.ID = e.rnd.Uint64()
	return m
}

// Marks of a request.
const (
	othersHeard  = 1 << iota // another peer was heard during its last try but one
	secondChance             // it repeats a request that failed (design R5.9)
	proveAddress             // its first try is a first contact, to prove this node's address (design R3.17)
	underSession             // no try is a first contact if there is a session
	sessionOnly              // it is never a first contact: without a session it fails
	thoughtGone              // the peer is believed gone: one try, whose failure says nothing new (design R7.13)
	lingers                  // a datagram of it may still be under way
	introduction             // it follows a first contact, which has changed nothing at the peer (design R7.6)
)

// ask sends a request, which stays outstanding until it is answered or has failed. It
// reports false, and nothing is sent, if too many requests are outstanding.
func (e *Engine) ask(by owner, to identity.Contact, m *rpc.Message) bool {
	return e.askMarked(by, to, m, 0)
}

func (e *Engine) askMarked(by owner, to identity.Contact, m *rpc.Message, marks uint8) bool {
	timeout, tries := e.firstTimeout(to, m.Type), e.retries.tries(m.Type)
	if marks&thoughtGone != 0 {
		timeout, tries = max(timeout, rejoinTimeout), 1
	}
	r, err := e.requests.Start(e.now, m.ID, to, m, by.activity, timeout)
	if err != nil {
		e.counters.seldom().RequestsRefused++
		e.recycle(m)
		return false
	}
	r.Marks, r.MaxTries, r.Op = marks, tries, uint64(by.op)
	e.counters.Requests[m.Type]++
	e.send(r)
	return true
}

func (e *Engine) send(r *rpc.Request) {
	r.Message.Serves = e.mode == Server
	e.noteSent(r.To)
	if r.Message.AtMostOnce() {
		if r.Unanswered++; r.Tries == 1 {
			r.Message.Settled = e.settled.take(r.Message.Settled[:0], e.book.Address(r.To).ID)
		}
	}
	first := r.LastTry() && r.Marks&(underSession|sessionOnly) == 0 || r.Marks&proveAddress != 0 && r.Tries == 1
	e.emit(Effect{
		Kind: SendRequest, To: r.To, RequestID: r.ID, Op: OpID(r.Op), Message: r.Message,
		FirstContact: first, UnderSession: r.Marks&sessionOnly != 0,
	})
}

// recycle keeps a message for the next request. An engine without outstanding requests
// keeps none, unless others use it too.
func (e *Engine) recycle(m *rpc.Message) {
	if e.requests.Len() == 0 && !e.shares {
		e.scratch().spare = nil
		return
	}
	e.scratch().recycle(m)
}
