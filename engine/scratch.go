package engine

import (
	"kadmium/identity"
	"kadmium/rpc"
)

// A Scratch is memory that an engine needs only for a while: during a call, and of
// requests that are over. Engines that one goroutine drives may share one (Config.Scratch)
// if the effects of a call are carried out before the next call of any of them.
type Scratch struct {
	effects  []Effect           // of the call
	contacts []identity.Contact // of queries of the routing table, and of sift
	reply    *rpc.Message       // the reply being made
	spare    []*rpc.Message     // messages of requests that are over
}

// scratch is the engine's Scratch.
func (e *Engine) scratch() *Scratch {
	if e.cfg.Scratch == nil {
		e.cfg.Scratch = new(Scratch)
	}
	return e.cfg.Scratch
}

// An outgoing is a request message together with the memory of its tags: one allocation.
type outgoing struct {
	rpc.Message
	known [rpc.MaxTags]uint16
}

// request is an empty request message.
func (s *Scratch) request() *rpc.Message {
	if n := len(s.spare); n > 0 {
		m := s.spare[n-1]
		s.spare = s.spare[:n-1]
		m.Reset()
		return m
	}
	o := new(outgoing)
	o.Known = o.known[:0]
	return &o.Message
}

// recycle keeps a message for a later request.
func (s *Scratch) recycle(m *rpc.Message) {
	const maxSpare = 8
	if s.spare == nil {
		s.spare = make([]*rpc.Message, 0, maxSpare)
	}
	if len(s.spare) < maxSpare {
		s.spare = append(s.spare, m)
	}
}

// emptyReply is the reply, empty.
func (s *Scratch) emptyReply() *rpc.Message {
	if s.reply == nil {
		r := new(struct {
			rpc.Message
			contacts [rpc.MaxContacts]identity.Contact
		})
		s.reply, r.Contacts = &r.Message, r.contacts[:0]
	}
	s.reply.Reset()
	return s.reply
}
