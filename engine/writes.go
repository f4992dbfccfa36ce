package engine

import (
	"fmt"
	"slices"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
)

// A fanOut sends one request to each of several nodes, mostly a write, and counts their
// answers.
type fanOut struct {
	e           *Engine
	owner       owner
	outstanding int
	confirmed   int  // nodes that confirmed, this node included
	selfHolder  bool // this node is one of them
	refusals    []Refusal
	journalErr  error // why this node could not keep it
	write       func(identity.Contact) *rpc.Message
	onEnd       func(*fanOut)

	lookup  *activeLookup      // whose others may replace holders that are late; nil: all are waited for
	holders int                // that it chose
	spares  []identity.Contact // the others, once a holder was late, the closest first
	late    []identity.Contact // holders that are no longer waited for
}

// fanOut sends the request that write makes to each node, for an operation or for the node
// itself (op 0). ended is called once all have answered or failed.
func (e *Engine) fanOut(op OpID, to []identity.Contact, write func(identity.Contact) *rpc.Message, ended func(*fanOut)) {
	e.fanOutAndStore(op, to, nil, write, ended)
}

// fanOutAndStore is fanOut where this node is a holder too: keepHere stores the write
// here, unless it is nil. This node counts as a holder once its journal has what keepHere
// did.
func (e *Engine) fanOutAndStore(op OpID, to []identity.Contact, keepHere func() (rpc.Status, []store.Change), write func(identity.Contact) *rpc.Message, ended func(*fanOut)) *fanOut {
	f := &fanOut{e: e, outstanding: len(to) + 1, write: write, onEnd: ended}
	f.owner = e.register(f, op)
	if keepHere == nil {
		f.settle()
	} else {
		status, changes := keepHere()
		e.persist(changes, func(err error) {
			if err != nil {
				status, f.journalErr = rpc.Failed, err
			}
			f.selfHolder = status == rpc.OK
			f.count(identity.Address{ID: e.cfg.Self}, status)
		})
	}
	for _, c := range to {
		if !e.ask(f.owner, c, write(c)) {
			f.silent(c)
		}
	}
	return f
}

func (f *fanOut) answered(r *rpc.Request, in *Inbound) {
	f.awaitAgain(r.To)
	f.count(f.e.book.Address(r.To), in.Message.Status)
}

func (f *fanOut) count(by identity.Address, status rpc.Status) {
	if status == rpc.OK {
		f.confirmed++
	} else {
		f.refusals = append(f.refusals, Refusal{Peer: by, Status: status})
	}
	f.settle()
}

func (f *fanOut) failed(r *rpc.Request) {
	f.awaitAgain(r.To)
	f.silent(r.To)
}

func (f *fanOut) silent(c identity.Contact) {
	f.refusals = append(f.refusals, Refusal{Peer: f.e.book.Address(c), Silent: true})
	f.settle()
}

func (f *fanOut) contacts(keep func(identity.Contact)) {
	for _, c := range f.spares {
		keep(c)
	}
	for _, c := range f.late {
		keep(c)
	}
}

func (f *fanOut) settle() {
	if f.outstanding--; f.outstanding == 0 {
		f.end()
	}
}

func (f *fanOut) end() {
	f.e.unregister(f.owner)
	for _, c := range f.late {
		f.refusals = append(f.refusals, Refusal{Peer: f.e.book.Address(c), Silent: true})
	}
	f.onEnd(f)
}

// holders are the closest nodes that answered, as many as a lookup returns (k, design
// R5.18), and these split into the other holders and this node. A server that is among them
// is a holder itself (design R6.4).
func (l *activeLookup) holders() (closest, others []identity.Contact, self bool) {
	e, most := l.e, l.state.Results()
	closest = l.state.Closest(nil)
	switch {
	case e.mode != Server:
		return closest, closest, false
	case len(closest) < most:
		return closest, closest, true
	case identity.Compare(&l.target, &e.cfg.Position, e.book.Position(closest[most-1])) < 0:
		return closest, closest[:most-1], true
	}
	return closest, closest, false
}

// storeAt sends a record to its holders, and stores it here if self is set.
func (e *Engine) storeAt(op OpID, others []identity.Contact, self bool, r *rpc.Record, cas *uint64, ended func(*fanOut)) *fanOut {
	var keepHere func() (rpc.Status, []store.Change)
	if self {
		keepHere = func() (rpc.Status, []store.Change) {
			return e.store.Put(e.now, r, identity.NetGroup{}, cas, 0, e.rnd)
		}
	}
	return e.fanOutAndStore(op, others, keepHere, func(identity.Contact) *rpc.Message {
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
func (e *Engine) provideAt(op OpID, others []identity.Contact, self bool, p *rpc.Provider, ended func(*fanOut)) *fanOut {
	var keepHere func() (rpc.Status, []store.Change)
	if self {
		keepHere = func() (rpc.Status, []store.Change) {
			return e.store.PutProvider(e.now, p, identity.NetGroup{}, 0, e.rnd)
		}
	}
	return e.fanOutAndStore(op, others, keepHere, func(identity.Contact) *rpc.Message {
		m := e.newRequest(rpc.AddProvider)
		entry := *p
		m.Provider = &entry
		return m
	}, ended)
}

// notStored is the error of a write that no node confirmed, this one's journal included if
// that has failed.
func notStored(refusals []Refusal, journalErr error) error {
	if journalErr != nil {
		return fmt.Errorf("%w: %w", ErrNotStored, journalErr)
	}
	return refusal(refusals)
}

// heldElsewhere is the error of this node's journal, with how many other nodes have taken the
// write all the same.
func heldElsewhere(journalErr error, r *Result) error {
	others := r.Holders
	if r.SelfHolder {
		others--
	}
	if journalErr == nil || others == 0 {
		return journalErr
	}
	return fmt.Errorf("%w; others hold it all the same (%d)", journalErr, others)
}

// refusal is the error of a write that no node confirmed. It wraps the status that most
// of them gave.
func refusal(refusals []Refusal) error {
	var count [rpc.Forgotten + 1]int
	most := rpc.OK
	for _, r := range refusals {
		status := r.Status
		if r.Silent || int(status) >= len(count) {
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

// refusedAs reports whether a node refused with a status.
func refusedAs(refusals []Refusal, status rpc.Status) bool {
	return slices.ContainsFunc(refusals, func(r Refusal) bool { return !r.Silent && r.Status == status })
}
