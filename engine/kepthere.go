package engine

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"kadmium/rpc"
)

// ErrKeptHere says that this node alone has what it put or provided.
var ErrKeptHere = errors.New("kept by this node only")

// maxKeptHere bounds the puts and provides that wait for a peer (design R8.18).
const maxKeptHere = 1024

// A keptHere is a put or a provide that nobody but this node confirmed, as nobody
// answered. It is made again as soon as somebody does (design R6.29).
type keptHere struct {
	key       []byte
	record    *rpc.Record // nil: a provide
	query     PutQuery    // of the put
	expires   time.Time
	ephemeral bool
}

// ownNetwork reports whether this node is a network of its own: nobody gave it a peer to
// join through, and it has met none.
func (e *Engine) ownNetwork() bool {
	return !e.cfg.Seeded && !e.met && len(e.cfg.Bootstrap) == 0 && e.savedContacts() == 0
}

// keptOnlyHere is the error of a write that only this node confirmed although others were
// to hold it, or nobody is known; otherwise nil.
func (e *Engine) keptOnlyHere(r *Result, closest, others int) error {
	if !r.SelfHolder || r.Holders > 1 || closest > 0 && others == 0 || e.ownNetwork() {
		return nil
	}
	r.KeptHere = true
	var refused *StatusError
	if errors.As(refusal(r.Refusals), &refused) {
		return fmt.Errorf("%w: others %w", ErrKeptHere, refused)
	}
	return fmt.Errorf("%w, as no other answered; it is published when one does", ErrKeptHere)
}

// keptWrites are the writes that wait, oldest first.
type keptWrites struct {
	list []*keptHere
	at   time.Time // when the last of them was kept
}

func (k *keptWrites) len() int {
	if k == nil {
		return 0
	}
	return len(k.list)
}

// keep remembers a write until a peer answers. It replaces one of the same key.
func (e *Engine) keep(k *keptHere) {
	e.forgetKept(k.key, k.record != nil)
	if e.kept == nil {
		e.kept = new(keptWrites)
	}
	if len(e.kept.list) < maxKeptHere {
		e.kept.list, e.kept.at = append(e.kept.list, k), e.now
	}
}

// forgetKept forgets the put or the provide of a key.
func (e *Engine) forgetKept(key []byte, record bool) {
	if e.kept == nil {
		return
	}
	e.kept.list = slices.DeleteFunc(e.kept.list, func(k *keptHere) bool {
		return k.record != nil == record && bytes.Equal(k.key, key)
	})
	if len(e.kept.list) == 0 {
		e.kept = nil
	}
}

// keptIsDue reports whether somebody has answered since the last write was kept.
func (e *Engine) keptIsDue() bool {
	return e.kept != nil && e.table.Answering() > 0 && e.outage.lastHeard.After(e.kept.at)
}

// writeKept makes the oldest of these writes again.
func (e *Engine) writeKept() {
	k := e.kept.list[0]
	e.forgetKept(k.key, k.record != nil)
	if !k.expires.After(e.now) {
		return
	}
	e.counters.Republishes++
	e.upkeep++
	if k.record == nil {
		e.provide(0, k.key, k.ephemeral, func() { e.upkeep-- })
		return
	}
	p := &put{e: e, query: k.query, kept: k.record}
	if k.ephemeral || !e.store.IsRepublished(k.query.TTL) {
		p.expires = k.expires // nothing starts a new lifetime
	}
	p.start()
}
