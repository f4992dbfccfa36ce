package kadmium

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"kadmium/driver"
	"kadmium/engine"
	"kadmium/rpc"
	"kadmium/store"
)

// Put stores a value at the k nodes nearest to the key, and publishes it again every
// 22 h until Unpublish. The key's namespace, /NAME/..., says who may write it.
// Errors: ErrEmptyKey, ErrTooLarge, ErrUnknownNamespace, ErrInvalid, ErrBadOption;
// ErrNoPeers, ErrNotStored, ErrOlder, ErrConflict, ErrFull, ErrJournal, ErrSequence;
// ErrKeptHere, beside which the result says what is kept.
func (n *Node) Put(ctx context.Context, key string, value []byte, opts PutOptions) (Stored, error) {
	stored := Stored{Key: key}
	if err := n.checkPut(key, value, opts); err != nil {
		return stored, err
	}
	query := engine.PutQuery{
		Key:       []byte(key),
		Value:     bytes.Clone(value),
		TTL:       opts.TTL,
		Sequence:  opts.Sequence,
		CAS:       opts.CAS,
		Ephemeral: opts.Ephemeral,
	}
	err := n.run(ctx, driver.Operation{
		Start: func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
			return e.Put(now, op, query, fx)
		},
		Finish: func(r *engine.Result) { n.fillStored(&stored, r) },
	})
	if opts.Sequence != nil && errors.Is(err, ErrOlder) && n.hasLastSequence(ctx, key, *opts.Sequence) {
		err = fmt.Errorf("%w: %w", ErrSequence, err)
	}
	return stored, err
}

// hasLastSequence reports whether the record that won over a put has the highest sequence
// there is. A put with a sequence of its own has asked nobody which one is held.
func (n *Node) hasLastSequence(ctx context.Context, key string, put uint64) bool {
	if put == store.MaxSequence {
		return true
	}
	held, err := n.Get(withoutSteps(ctx), key, GetOptions{})
	return err == nil && held.Sequence == store.MaxSequence
}

func (n *Node) fillStored(s *Stored, r *engine.Result) {
	s.Holders, s.SelfHolder, s.Published, s.KeptHere, s.Created, s.Expires = r.Holders, r.SelfHolder, r.Published, r.KeptHere, r.Created, n.driver.Wall(r.Expires)
	if r.Record != nil {
		s.Sequence = r.Record.Sequence
	}
	for _, refusal := range r.Refusals {
		by := Refusal{Peer: refusal.Peer.ID, Reason: NotAnswered}
		if refusal.Peer.Endpoint.IsValid() {
			by.Address = refusal.Peer
		}
		if !refusal.Silent {
			by.Reason = refusal.Status.String()
			if s.Refusals == nil {
				s.Refusals = make(map[string]int)
			}
			s.Refusals[by.Reason]++
		}
		s.RefusedBy = append(s.RefusedBy, by)
	}
	s.Lookup = n.lookupOf(r)
}

// checkPut finds what can be wrong with a put before anybody is asked. It runs
// the namespace's validator on the caller's goroutine.
func (n *Node) checkPut(key string, value []byte, opts PutOptions) error {
	if opts.TTL < 0 {
		return errNegative("TTL")
	}
	if opts.Sequence != nil && *opts.Sequence > store.MaxSequence {
		return fmt.Errorf("%w: sequence %d: it has to be under 2^63", ErrBadOption, *opts.Sequence)
	}
	r := rpc.Record{Key: []byte(key), Value: value}
	if opts.Sequence != nil {
		r.Sequence = *opts.Sequence
	}
	if publisher, ok := n.namespaces.Publisher(r.Key); ok && publisher != n.id {
		return fmt.Errorf("%w: only peer %v can sign what stands under %q, this node is %v", ErrInvalid, publisher, key, n.id)
	}
	n.driver.SignRecord(&r)
	return n.namespaces.Validate(&r)
}

// GetHeld is the value under a key that this node holds itself, if it does and a Get with the
// options is content with it. It asks nobody, and is what Get answers with then.
func (n *Node) GetHeld(key string, opts GetOptions) (v Value, ok bool) {
	if opts.Fresh || opts.Quorum > 1 || opts.Quorum == 0 && n.namespaces.Quorum([]byte(key)) > 1 {
		return v, false
	}
	ok = n.driver.HeldRecord([]byte(key), func(r *engine.Result) {
		v = n.valueOf(r)
		v.Lookup = n.searchOf(r)
	})
	return v, ok
}

// Get finds the value under a key. Errors: ErrEmptyKey, ErrTooLarge,
// ErrUnknownNamespace, ErrBadOption; ErrNotFound, ErrNoPeers; ErrNoAnswer where nobody
// answered.
func (n *Node) Get(ctx context.Context, key string, opts GetOptions) (Value, error) {
	value := Value{Key: key}
	if err := n.namespaces.CheckKey([]byte(key)); err != nil {
		return value, err
	}
	if opts.Quorum < 0 {
		return value, errNegative("Quorum")
	}
	if ctx.Err() == nil {
		if held, ok := n.GetHeld(key, opts); ok {
			tellHeldHere(ctx, held.Lookup)
			return held, nil
		}
	}
	err := n.run(ctx, driver.Operation{
		Start: func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
			return e.Get(now, op, engine.GetQuery{Key: []byte(key), Quorum: opts.Quorum, Fresh: opts.Fresh, NoStore: opts.NoStore}, fx)
		},
		Finish: func(r *engine.Result) {
			if r.Record != nil {
				value = n.valueOf(r)
			}
			value.Lookup = n.searchOf(r)
		},
	})
	tellHeldHere(ctx, value.Lookup)
	return value, err
}

func (n *Node) valueOf(r *engine.Result) Value {
	v := Value{
		Key:       string(r.Record.Key),
		Value:     bytes.Clone(r.Record.Value),
		Sequence:  r.Record.Sequence,
		Publisher: r.Record.Publisher,
		From:      n.id,
		Answers:   r.Answers,
		Expires:   n.driver.Wall(r.Expires),
	}
	if r.From != 0 {
		v.From = n.book.Address(r.From).ID
	}
	return v
}

// Unpublish stops publishing the key's record and provider entry: they end with
// their lifetimes. ErrNotFound if this node does not publish the key.
func (n *Node) Unpublish(ctx context.Context, key string) error {
	if err := store.CheckProviderKey([]byte(key)); err != nil {
		return err
	}
	return n.run(ctx, driver.Operation{
		Start: func(e *engine.Engine, now time.Time, op engine.OpID, fx []engine.Effect) []engine.Effect {
			return e.Unpublish(now, op, []byte(key), fx)
		},
	})
}
