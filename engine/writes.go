package engine

import (
	"fmt"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
)

// A spread sends one write to each of several nodes and counts their answers.
type spread struct {
	e           *Engine
	owner       owner
	outstanding int
	holders     int  // nodes that confirmed, this node included
	selfHolder  bool // this node is one of them
	refusals    []rpc.Status
	onEnd       func(*spread)
}

// spread sends the write that write makes to each node, for an operation or for the node
// itself (op 0). ended is called once all have answered or failed.
func (e *Engine) spread(op OpID, to []identity.Contact, write func(identity.Contact) *rpc.Message, ended func(*spread)) {
	e.spreadAndKeep(op, to, nil, write, ended)
}

// spreadAndKeep is spread where this node is a holder too: keepHere stores the write
// here, unless it is nil. This node counts as a holder once its journal has what keepHere
// did.
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
			s.selfHolder = status == rpc.OK
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

func (s *spread) failed(*rpc.Request) { s.settle() }

func (s *spread) overran(*rpc.Request) {}

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

// holders splits the k closest nodes that answered into the other holders and this node.
// A server that is among the k closest is a holder itself (design R6.4).
func (e *Engine) holders(target *identity.Position, closest []identity.Contact) (others []identity.Contact, self bool) {
	k := e.cfg.K
	if e.mode != Server {
		return closest, false
	}
	if len(closest) < k {
		return closest, true
	}
	if identity.Compare(target, &e.cfg.Position, e.book.Position(closest[k-1])) < 0 {
		return closest[:k-1], true
	}
	return closest, false
}

// storeAt sends a record to its holders, and stores it here if self is set.
func (e *Engine) storeAt(op OpID, others []identity.Contact, self bool, r *rpc.Record, cas *uint64, ended func(*spread)) {
	var keepHere func() (rpc.Status, []store.Op)
	if self {
		keepHere = func() (rpc.Status, []store.Op) {
			return e.store.Put(e.now, r, store.Source{}, cas, 0, e.rnd)
		}
	}
	e.spreadAndKeep(op, others, keepHere, func(identity.Contact) *rpc.Message {
		m := e.newRequest(rpc.Store)
		c := *r
		m.Record = &c
		if cas != nil {
			m.CAS, m.CASSequence = true, *cas
		}
		return m
	}, ended)
}

// provideAt sends a provider entry to its holders, and stores it here if self is set.
func (e *Engine) provideAt(op OpID, others []identity.Contact, self bool, p *rpc.Provider, ended func(*spread)) {
	var keepHere func() (rpc.Status, []store.Op)
	if self {
		keepHere = func() (rpc.Status, []store.Op) {
			return e.store.PutProvider(e.now, p, store.Source{}, 0, e.rnd)
		}
	}
	e.spreadAndKeep(op, others, keepHere, func(identity.Contact) *rpc.Message {
		m := e.newRequest(rpc.AddProvider)
		entry := *p
		m.Provider = &entry
		return m
	}, ended)
}

// refusal is the error of a write that no node confirmed. It wraps the status that most
// of them gave.
func refusal(statuses []rpc.Status) error {
	var count [rpc.Failed + 1]int
	most := rpc.OK
	for _, status := range statuses {
		if int(status) >= len(count) {
			continue
		}
		if count[status]++; count[status] > count[most] {
			most = status
		}
	}
	if most == rpc.OK {
		return ErrNotStored
	}
	return fmt.Errorf("%w: %w", ErrNotStored, &StatusError{most})
}
