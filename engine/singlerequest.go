package engine

import (
	"fmt"
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// errForgotten is the end of a message whose peer was restarted.
var errForgotten = fmt.Errorf("%w: the peer was handling the message, and no longer knows it", ErrNoAnswer)

// A singleRequest is an operation that consists of one request: a PING or a MESSAGE.
type singleRequest struct {
	e     *Engine
	owner owner
	op    OpID
	begun time.Time

	message uint64 // the ID of a MESSAGE's request; 0: a PING

	protocols bool // the PING asks for protocols
	again     bool // it was answered by a first response, and is asked again under the session
}

// Ping asks a peer for an answer. The address may lack the peer ID: the Result has the ID
// of the peer that answers there.
func (e *Engine) Ping(now time.Time, op OpID, to identity.Address, fx []Effect) []Effect {
	e.enter(now, fx)
	e.singleRequest(op, to, e.newRequest(rpc.Ping))
	return e.leave()
}

// Protocols asks a peer which application protocols it handles. Otherwise it is Ping. The
// names are told under a session only; if the PING begins one, it is sent again.
func (e *Engine) Protocols(now time.Time, op OpID, to identity.Address, fx []Effect) []Effect {
	e.enter(now, fx)
	m := e.newRequest(rpc.Ping)
	m.WantProtocols = true
	e.singleRequest(op, to, m)
	return e.leave()
}

// SendMessage sends an application's message. The Result has the reply.
func (e *Engine) SendMessage(now time.Time, op OpID, to identity.Address, protocol string, payload []byte, fx []Effect) []Effect {
	e.enter(now, fx)
	m := e.newRequest(rpc.AppMessage)
	m.Protocol, m.Payload = protocol, payload
	e.singleRequest(op, to, m)
	return e.leave()
}

func (e *Engine) singleRequest(op OpID, to identity.Address, m *rpc.Message) {
	s := &singleRequest{e: e, op: op, begun: e.now}
	s.protocols = m.WantProtocols
	if m.Type == rpc.AppMessage {
		s.message = m.ID
	}
	if !e.begin(op, s) {
		return
	}
	s.owner = e.register(s, op)
	if !e.ask(s.owner, e.book.Intern(to), m) {
		s.end(&Result{Err: ErrBusy})
	}
}

func (s *singleRequest) answered(_ *rpc.Request, in *Inbound) {
	m := in.Message
	if firstResponse := in.Observed.IsValid(); s.protocols && firstResponse {
		s.askAgain(in.From)
		return
	}
	r := &Result{Peer: in.From, RTT: s.e.now.Sub(s.begun), Serves: m.Serves, Observed: in.Observed, Payload: append([]byte(nil), m.Payload...)}
	if m.Observed.IsValid() {
		r.Observed = m.Observed
	}
	if s.protocols {
		r.Named, r.Protocols, r.MoreProtocols = true, slices.Clone(m.Protocols), m.MoreProtocols
	}
	switch m.Status {
	case rpc.OK:
	case rpc.Forgotten:
		r.Err = errForgotten
	default:
		r.Err = &StatusError{m.Status}
	}
	s.end(r)
}

// askAgain asks for the protocols under the session that the PING has begun.
func (s *singleRequest) askAgain(to identity.Contact) {
	m := s.e.newRequest(rpc.Ping)
	m.WantProtocols = true
	if s.again || !s.e.ask(s.owner, to, m) {
		s.end(&Result{Err: ErrNoAnswer})
	}
	s.again = true
}

func (s *singleRequest) failed(*rpc.Request) { s.end(&Result{Err: ErrNoAnswer}) }

func (s *singleRequest) overran(*rpc.Request) {}

func (s *singleRequest) contacts(func(identity.Contact)) {}

// cancel ends the operation. A PING stays outstanding, because its answer matters to the
// routing table. A MESSAGE is not sent again.
func (s *singleRequest) cancel() *Result {
	s.e.unregister(s.owner)
	if r, ok := s.e.requests.Answered(s.message); ok {
		s.e.emit(Effect{Kind: ForgetRequest, RequestID: r.ID})
		s.e.recycle(r.Message)
	}
	return new(Result)
}

func (s *singleRequest) end(r *Result) {
	s.e.unregister(s.owner)
	s.e.finish(s.op, r)
}
