package engine

import (
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
	target := identity.KeyPosition(key)
	l := e.newLookup(op, rpc.FindNode, nil, target)
	l.onEnd = func(reason lookup.Reason) {
		r := l.result()
		entry := e.ownEntry(key)
		r.Expires = e.now.Add(entry.TTL)
		others, self := e.holders(&target, l.state.Closest(nil))
		if len(others) == 0 && !self {
			r.Err = failure(reason)
			e.finish(op, r)
			return
		}
		e.provideAt(op, others, self, entry, func(s *fanOut) {
			r.Holders, r.SelfHolder, r.Refusals = s.confirmed, s.selfHolder, s.refusals
			if r.Holders == 0 {
				r.Err = notStored(r.Refusals, s.journalErr)
			}
			if _, wanted := e.ops[op]; r.Holders == 0 || ephemeral || !wanted {
				e.finish(op, r)
				return
			}
			e.persist(e.publishProvider(entry), func(err error) {
				r.Err, r.Published = err, err == nil
				e.finish(op, r)
			})
		})
	}
	if e.begin(op, l) {
		l.start()
	}
	return e.leave()
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

// publishProvider notes that an entry was published. It may name an address that this node
// has left meanwhile.
func (e *Engine) publishProvider(p *rpc.Provider) []store.Change {
	changes := e.store.PublishProvider(e.now, p)
	if at := e.ownEndpoint(); p.Peer.Endpoint != at {
		e.store.ProvideAgain(e.now, at)
	}
	return changes
}
