package engine

import (
	"cmp"
	"net/netip"
	"time"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
	"kadmium/store"
)

// Provide tells the k nodes closest to a key that this node provides it, and again every
// 22 hours until Unpublish (design R6.16). If ephemeral is set it tells them once.
func (e *Engine) Provide(now time.Time, op OpID, key []byte, ephemeral bool, fx []Effect) []Effect {
	e.enter(now, fx)
	e.provide(op, key, ephemeral, nil)
	return e.leave()
}

// provide is Provide, or again what was kept here.
func (e *Engine) provide(op OpID, key []byte, ephemeral bool, again *keptHere) {
	target := identity.KeyPosition(key)
	_, before := e.store.Published(key)
	end := func(r *Result) {
		if again != nil {
			e.madeAgain(again)
		}
		e.finish(op, r)
	}
	l := e.newLookup(op, ForProvide, rpc.FindNode, nil, target)
	l.onEnd = func(reason lookup.Reason) {
		r := l.result()
		if again.isOver() {
			end(r)
			return
		}
		entry := e.ownEntry(key)
		r.Expires = e.now.Add(entry.TTL)
		closest, others, self := l.holders()
		if len(others) == 0 && !self {
			e.keepAgain(again, 0)
			r.Err = failure(reason)
			end(r)
			return
		}
		e.provideAt(op, others, self, entry, func(s *fanOut) {
			r.Holders, r.SelfHolder, r.Refusals = s.confirmed, s.selfHolder, s.refusals
			if again.isOver() {
				end(r)
				return
			}
			if r.Holders == 0 {
				if s.journalErr != nil {
					e.keepAgain(again, len(closest))
				}
				r.Err = notStored(r.Refusals, s.journalErr)
				end(r)
				return
			}
			r.Created = before == nil
			kept := e.keptOnlyHere(r, key, len(closest), len(others), ephemeral)
			e.forgetKept(key, false)
			if _, wanted := e.ops[op]; waits(kept) && (wanted || op == 0) {
				k := &keptHere{key: entry.Key, ephemeral: ephemeral}
				if ephemeral {
					k.expires = r.Expires
				}
				e.keep(k, again, len(closest))
			}
			e.provided(r, op, entry, ephemeral, kept, end)
		}).replaceLate(l, len(others))
	}
	if e.begin(op, l) {
		l.start()
	}
}

// provided follows the writes of a provider entry, of which one at least was confirmed; kept
// is the error if that is this node only. The lifetime began before the writes: the machine
// may have slept meanwhile.
func (e *Engine) provided(r *Result, op OpID, entry *rpc.Provider, ephemeral bool, kept error, end func(*Result)) {
	r.Err = kept
	if _, wanted := e.ops[op]; ephemeral || !wanted && op != 0 {
		end(r)
		return
	}
	changes := e.publishProvider(r.Expires.Add(-entry.TTL), entry)
	if _, published := e.store.Published(entry.Key); kept != nil {
		changes = append(changes, e.store.Unconfirmed(e.now, published, waiting(kept, false))...)
	}
	e.persist(changes, func(err error) {
		r.Err, r.Published = cmp.Or(heldElsewhere(err, r), kept), err == nil
		end(r)
	})
}

// ownEndpoint is where peers see this node, or what the Config says until one has
// said.
func (e *Engine) ownEndpoint() netip.AddrPort {
	if at := e.Observed(); at.IsValid() {
		return at
	}
	return e.cfg.Endpoint
}

// ownEntry is this node's signed provider entry for a key. Its address is the one at
// which peers see this node.
func (e *Engine) ownEntry(key []byte) *rpc.Provider {
	p := &rpc.Provider{
		Key:      key,
		Peer:     identity.Address{ID: e.cfg.Self, Endpoint: e.ownEndpoint()},
		Sequence: e.store.ProviderSequence(e.now, key),
		TTL:      store.ProviderTTL,
		Lifetime: uint32(store.ProviderTTL / time.Second),
	}
	if e.cfg.SignProvider != nil {
		e.cfg.SignProvider(p)
	}
	return p
}

// publishProvider notes that an entry that was made then was published. It may name an address
// that this node has left meanwhile.
func (e *Engine) publishProvider(made time.Time, p *rpc.Provider) []store.Change {
	changes := e.store.PublishProvider(made, p)
	if at := e.ownEndpoint(); p.Peer.Endpoint != at {
		e.store.ProvideAgain(e.now, at)
	}
	return changes
}
