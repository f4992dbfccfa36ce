package engine

import (
	"kadmium/identity"
	"kadmium/rpc"
)

// An outgoing is a request message with the memory of its tags: one allocation.
type outgoing struct {
	rpc.Message
	known [rpc.MaxTags]uint16
}

// newRequest is an empty request message with a fresh ID.
func (e *Engine) newRequest(t rpc.Type) *rpc.Message {
	var m *rpc.Message
	if n := len(e.spare); n > 0 {
		m, e.spare = e.spare[n-1], e.spare[:n-1]
		m.Reset()
	} else {
		o := new(outgoing)
		m = &o.Message
		m.Known = o.known[:0]
	}
	m.Type = t
	m.ID = e.rnd.Uint64()
	return m
}

// Marks of a request.
const (
	othersHeard  = 1 << iota // others were heard during its second try
	secondChance             // it repeats one that failed
	proveAddress             // it begins with a first contact, to prove this node's address
	underSession             // it never becomes a first contact
)

// ask sends a request and remembers it until it is answered or has failed. It
// reports false if too many are outstanding; the request has then not begun.
func (e *Engine) ask(by owner, to identity.Contact, m *rpc.Message) bool {
	return e.askMarked(by, to, m, 0)
}

func (e *Engine) askMarked(by owner, to identity.Contact, m *rpc.Message, marks uint8) bool {
	r, err := e.requests.Start(e.now, m.ID, to, m, by.activity, e.patience(to, m.Type))
	if err != nil {
		e.counters.RequestsRefused++
		e.recycle(m)
		return false
	}
	r.Marks, r.Most, r.Op = marks, e.retries.tries(m.Type), uint64(by.op)
	e.counters.Requests[m.Type]++
	e.send(r)
	return true
}

func (e *Engine) send(r *rpc.Request) {
	r.Message.Serves = e.mode == Server
	fresh := r.LastTry() && r.Marks&underSession == 0 || r.Marks&proveAddress != 0 && r.Tries == 1
	e.emit(Effect{Kind: SendRequest, To: r.To, RequestID: r.ID, Op: OpID(r.Op), Message: r.Message, FirstContact: fresh})
}

// recycle keeps a message's memory for the next request. A node at rest, as most
// of a process are at a time, keeps none.
func (e *Engine) recycle(m *rpc.Message) {
	const maxSpare = 8
	if e.requests.Len() == 0 {
		e.spare = nil
		return
	}
	if e.spare == nil {
		e.spare = make([]*rpc.Message, 0, maxSpare)
	}
	if len(e.spare) < maxSpare {
		e.spare = append(e.spare, m)
	}
}
