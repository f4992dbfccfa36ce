package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
	"kadmium/store"
)

// begin registers an operation of the driver, or ends it at once if there are
// too many.
func (e *Engine) begin(op OpID, o operation) bool {
	if op == 0 {
		return true // the node's own
	}
	if len(e.ops) >= maxOperations {
		e.emit(Effect{Kind: Finish, Op: op, Result: &Result{Err: ErrBusy}})
		return false
	}
	if e.ops == nil {
		e.ops = make(map[OpID]operation)
	}
	e.ops[op] = o
	return true
}

// finish ends an operation with its result, once.
func (e *Engine) finish(op OpID, r *Result) {
	if op == 0 {
		return
	}
	if _, ok := e.ops[op]; ok {
		if delete(e.ops, op); len(e.ops) == 0 {
			e.ops = nil
		}
		e.emit(Effect{Kind: Finish, Op: op, Result: r})
	}
}

// Cancel ends an operation early: it finishes with ErrCancelled and what it had.
func (e *Engine) Cancel(now time.Time, op OpID, fx []Effect) []Effect {
	e.enter(now, fx)
	if o, ok := e.ops[op]; ok {
		r := o.cancel()
		r.Err = ErrCancelled
		e.finish(op, r)
	}
	return e.leave()
}

// A singleRequest is an operation of one request: a PING, or a MESSAGE.
type singleRequest struct {
	e     *Engine
	owner owner
	op    OpID
	begun time.Time

	message uint64 // ID of a MESSAGE's request
}

// Ping asks a peer whether it is there. The address may lack the ID: whoever
// answers there has its own.
func (e *Engine) Ping(now time.Time, op OpID, to identity.Address, fx []Effect) []Effect {
	e.enter(now, fx)
	e.singleRequest(op, to, e.newRequest(rpc.Ping))
	return e.leave()
}

// SendMessage delivers an application's message and brings its reply.
func (e *Engine) SendMessage(now time.Time, op OpID, to identity.Address, protocol string, payload []byte, fx []Effect) []Effect {
	e.enter(now, fx)
	m := e.newRequest(rpc.AppMessage)
	m.Protocol, m.Payload = protocol, payload
	e.singleRequest(op, to, m)
	return e.leave()
}

func (e *Engine) singleRequest(op OpID, to identity.Address, m *rpc.Message) {
	s := &singleRequest{e: e, op: op, begun: e.now}
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
	r := &Result{Peer: in.From, RTT: s.e.now.Sub(s.begun), Serves: m.Serves, Observed: in.Observed, Payload: append([]byte(nil), m.Payload...)}
	if m.Observed.IsValid() {
		r.Observed = m.Observed
	}
	if m.Status != rpc.OK {
		r.Err = &StatusError{m.Status}
	}
	s.end(r)
}

func (s *singleRequest) failed(*rpc.Request)             { s.end(&Result{Err: ErrNoAnswer}) }
func (s *singleRequest) overran(*rpc.Request)            {}
func (s *singleRequest) contacts(func(identity.Contact)) {}

// cancel ends it. A PING goes on for the table's sake; a MESSAGE that nobody waits
// for is not sent again.
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

// Closest finds the k nodes closest to a target that answer.
func (e *Engine) Closest(now time.Time, op OpID, target identity.Position, fx []Effect) []Effect {
	e.enter(now, fx)
	l := e.newLookup(op, rpc.FindNode, nil, target)
	l.onEnd = func(reason lookup.Reason) {
		r := l.result()
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

// FindPeer finds a peer's address, as the peer itself confirms it.
func (e *Engine) FindPeer(now time.Time, op OpID, id identity.ID, fx []Effect) []Effect {
	e.enter(now, fx)
	l := e.newLookup(op, rpc.FindNode, nil, id.Position())
	l.first = e.contactOf(id)
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
			r.Err = ErrNotFound
			if reason == lookup.NoContacts || reason == lookup.TimedOut {
				r.Err = failure(reason)
			}
		}
		e.finish(op, r)
	}
	if e.begin(op, l) {
		l.start()
	}
	return e.leave()
}

// contactOf is the contact that a peer is, if its round trip is known; 0 otherwise.
func (e *Engine) contactOf(id identity.ID) identity.Contact {
	at := id.Position()
	e.scratch = e.table.Nearest(e.scratch[:0], &at, 1)
	if len(e.scratch) == 0 || e.book.Address(e.scratch[0]).ID != id || !e.rtts.knows(e.scratch[0]) {
		return 0
	}
	return e.scratch[0]
}

// cancel makes a lookup an operation: its end is then no longer reported.
func (l *activeLookup) cancel() *Result {
	l.onEnd = func(lookup.Reason) {}
	l.stop(lookup.Cancelled)
	return l.result()
}

// A spread sends one write each to several nodes and counts their answers.
type spread struct {
	e           *Engine
	owner       owner
	outstanding int
	holders     int  // who confirmed, this node included
	self        bool // this node is one of them
	refusals    []rpc.Status
	onEnd       func(*spread)
}

// spread sends the writes that write makes, for an operation or the node's own.
func (e *Engine) spread(op OpID, to []identity.Contact, write func(identity.Contact) *rpc.Message, ended func(*spread)) {
	e.spreadAndKeep(op, to, nil, write, ended)
}

// spreadAndKeep is spread where this node is a holder too, unless keep is nil. Its
// own word counts like another's: once its journal has what keep did.
func (e *Engine) spreadAndKeep(op OpID, to []identity.Contact, keepHere func() (rpc.Status, []store.Op), write func(identity.Contact) *rpc.Message, ended func(*spread)) {
	s := &spread{e: e, outstanding: len(to) + 1, onEnd: ended}
	s.owner = e.register(s, op)
	if keepHere == nil {
		s.settle()
	} else {
		status, ops := keepHere()
		e.persist(ops, func(err error) {
			if err != nil {
				status = rpc.Failed
			}
			s.self = status == rpc.OK
			s.count(status)
		})
	}
	for _, c := range to {
		if !e.ask(s.owner, c, write(c)) {
			s.failed(nil)
		}
	}
}

func (s *spread) answered(_ *rpc.Request, in *Inbound) { s.count(in.Message.Status) }

func (s *spread) count(status rpc.Status) {
	if status == rpc.OK {
		s.holders++
	} else {
		s.refusals = append(s.refusals, status)
	}
	s.settle()
}

func (s *spread) failed(*rpc.Request)             { s.settle() }
func (s *spread) overran(*rpc.Request)            {}
func (s *spread) contacts(func(identity.Contact)) {}

func (s *spread) settle() {
	if s.outstanding--; s.outstanding == 0 {
		s.end()
	}
}

func (s *spread) end() {
	s.e.unregister(s.owner)
	s.onEnd(s)
}
