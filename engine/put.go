package engine

import (
	"bytes"
	"cmp"
	"errors"
	"time"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
	"kadmium/store"
)

// A PutQuery is a value to be stored.
type PutQuery struct {
	Key, Value []byte
	TTL        time.Duration // 0: 24 h
	Sequence   *uint64       // nil: the highest one found, plus one
	CAS        *uint64       // compare-and-swap: store only where the record held has this sequence; 0: only where none is held
	Ephemeral  bool          // do not publish it again
}

// A put stores a record (Kademlia, section 2.3; design R6.3, R6.4). Its steps: look the
// key up, choose the sequence, sign, write to the holders, publish.
type put struct {
	e          *Engine
	op         OpID
	query      PutQuery
	lookup     *activeLookup
	record     *rpc.Record
	result     *Result
	cancelled  bool
	renumbered int       // how often another put used the same sequence first
	kept       *keptHere // what is made again; nil: it is not made again
	closest    int       // nodes that answered
	others     int       // nodes that were to hold it, this one not counted
	looked     bool      // the lookup asked who holds a record
	held       bool      // somebody did

	outstanding int   // of two: the journal has the sequence; the holders have answered
	journalErr  error // why the journal does not have the sequence
	keepErr     error // why it does not have the record, if this node is a holder
}

// Put stores a value at the k nodes closest to its key and publishes it: this node stores
// it again before it expires, until Unpublish (design R6.8).
func (e *Engine) Put(now time.Time, op OpID, q PutQuery, fx []Effect) []Effect {
	e.enter(now, fx)
	p := &put{e: e, op: op, query: q}
	if !e.begin(op, p) {
		return e.leave()
	}
	p.query.TTL = e.store.Lifetime(q.TTL)
	p.start()
	return e.leave()
}

// maxRenumbered bounds how often a put without a given sequence takes a new one because
// other puts were faster (design R8.29).
const maxRenumbered = 3

// start looks the key up for its holders and for the highest sequence.
func (p *put) start() {
	e, q := p.e, &p.query
	// If the highest sequence is needed the lookup asks for the value, and otherwise only
	// for the nodes.
	asks := rpc.FindNode
	sequence := uint64(0)
	found := uint64(0) // the highest that another node has for another value
	sequenced := e.cfg.Namespaces.Sequenced(q.Key)
	if q.Sequence != nil {
		sequence = *q.Sequence
	} else if sequenced {
		asks = rpc.FindValue
		p.looked = true
		sequence, _ = e.store.Sequence(q.Key)
		if held, ok := e.store.Get(e.now, q.Key); ok {
			p.held = true
			sequence = max(sequence, held.Sequence)
		}
	}
	p.lookup = e.newLookup(p.op, ForPut, asks, q.Key, identity.KeyPosition(q.Key))
	p.lookup.onAnswer = func(_ identity.Contact, in *Inbound) identity.Contact {
		if r := in.Message.Record; r != nil {
			e.saw(r)
			p.held = true
			sequence = max(sequence, r.Sequence)
			if !bytes.Equal(r.Value, q.Value) {
				found = max(found, r.Sequence)
			}
		}
		return 0
	}
	p.lookup.onEnd = func(reason lookup.Reason) {
		if p.kept != nil && q.Sequence == nil && found < p.kept.record.Sequence && p.renumbered == 0 {
			sequence = p.kept.record.Sequence
		} else if q.Sequence == nil && sequenced {
			used, _ := e.store.Sequence(q.Key) // another put may have used one since
			sequence = max(sequence, used) + 1
		}
		p.store(sequence, reason)
	}
	p.lookup.start()
}

func (p *put) contacts(keep func(identity.Contact)) { p.lookup.contacts(keep) }

func (p *put) cancel() *Result {
	p.cancelled = true
	return p.lookup.cancel()
}

// store makes the record and sends it to its holders.
func (p *put) store(sequence uint64, reason lookup.Reason) {
	e := p.e
	p.result = p.lookup.result()
	if p.kept.isOver() {
		p.end(nil)
		return
	}
	if sequence > store.MaxSequence {
		p.end(ErrSequence)
		return
	}
	if p.kept != nil && !p.kept.expires.IsZero() {
		p.query.TTL = p.kept.expires.Sub(e.now) // the lookup took some of it
	}
	if p.query.TTL <= 0 {
		p.end(nil)
		return
	}
	p.record = &rpc.Record{Key: p.query.Key, Value: p.query.Value, Sequence: sequence, TTL: p.query.TTL}
	if e.cfg.SignRecord != nil {
		e.cfg.SignRecord(p.record)
	}
	if err := e.cfg.Namespaces.Validate(p.record); err != nil {
		p.end(err)
		return
	}
	p.result.Record = p.record
	p.result.Expires = e.now.Add(p.record.TTL)
	closest, holders, self := p.lookup.holders()
	p.closest, p.others = len(closest), len(holders)
	if len(holders) == 0 && !self {
		e.keepAgain(p.kept, 0)
		p.end(failure(reason))
		return
	}
	p.outstanding = 2
	e.persist(e.store.Used(p.record.Key, sequence), func(err error) {
		p.journalErr = err
		p.settle()
	})
	e.storeAt(p.op, holders, self, p.record, p.query.CAS, func(s *fanOut) {
		p.result.Holders, p.result.SelfHolder, p.result.Refusals = s.confirmed, s.selfHolder, s.refusals
		p.keepErr = s.journalErr
		p.settle()
	}).replaceLate(p.lookup, len(holders))
}

func (p *put) settle() {
	if p.outstanding--; p.outstanding > 0 {
		return
	}
	e := p.e
	if p.kept.isOver() {
		p.end(nil)
		return
	}
	short := p.query.Ephemeral || !e.store.IsRepublished(p.query.TTL)
	kept := e.keptOnlyHere(p.result, p.record.Key, p.closest, p.others, short)
	if p.result.Holders == 0 || kept != nil && refusedAs(p.result.Refusals, rpc.Older) {
		err := notStored(p.result.Refusals, cmp.Or(p.keepErr, p.journalErr))
		var status *StatusError
		if p.query.Sequence == nil && !p.cancelled && p.renumbered < maxRenumbered && errors.As(err, &status) && status.Status == rpc.Older {
			p.renumbered++
			p.start()
			return
		}
		if cmp.Or(p.keepErr, p.journalErr) != nil {
			e.keepAgain(p.kept, p.closest)
		}
		p.end(cmp.Or(kept, err))
		return
	}
	e.saw(p.record)
	p.result.Created = p.created()
	e.forgetKept(p.record.Key, true)
	if waits(kept) && !p.cancelled {
		k := &keptHere{key: p.record.Key, record: p.record, query: p.query, ephemeral: p.query.Ephemeral}
		if short {
			k.expires = p.result.Expires
		}
		e.keep(k, p.kept, p.closest)
	}
	if p.journalErr != nil || p.query.Ephemeral || p.cancelled {
		p.end(cmp.Or(heldElsewhere(p.journalErr, p.result), kept))
		return
	}
	if old, _ := e.store.Published(p.record.Key); old != nil && e.cfg.Namespaces.Better(old.Record, p.record) > 0 {
		p.end(nil) // of two concurrent puts the better one may end first
		return
	}
	changes := e.store.Publish(p.result.Expires.Add(-p.record.TTL), p.record) // when its lifetime began
	published, _ := e.store.Published(p.record.Key)
	p.result.Published = published != nil
	if kept != nil && published != nil {
		changes = append(changes, e.store.Unconfirmed(e.now, published, waiting(kept, p.query.Sequence != nil))...)
	}
	e.persist(changes, func(err error) { p.end(cmp.Or(heldElsewhere(err, p.result), kept)) })
}

// created reports whether nobody held a record before, as far as those who were asked say.
func (p *put) created() bool {
	if p.query.CAS != nil {
		return *p.query.CAS == 0 // who took it held none
	}
	return p.looked && !p.held && !refusedAs(p.result.Refusals, rpc.Older)
}

func (p *put) end(err error) {
	if p.result == nil {
		p.result = &Result{}
	}
	p.result.Err = err
	if p.kept != nil {
		p.e.madeAgain(p.kept)
	}
	p.e.finish(p.op, p.result)
}
