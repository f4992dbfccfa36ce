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
	e.provide(op, key, ephemeral, func() {})
	return e.leave()
}

func (e *Engine) provide(op OpID, key []byte, ephemeral bool, ended func()) {
	target := identity.KeyPosition(key)
	end := func(r *Result) {
		e.finish(op, r)
		ended()
	}
	l := e.newLookup(op, rpc.FindNode, nil, target)
	l.onEnd = func(reason lookup.Reason) {
		r := l.result()
		entry := e.ownEntry(key)
		r.Expires = e.now.Add(entry.TTL)
		closest := l.state.Closest(nil)
		others, self := e.holders(&target, closest)
		if len(others) == 0 && !self {
			r.Err = failure(reason)
			end(r)
			return
		}
		e.provideAt(op, others, self, entry, func(s *fanOut) {
			r.Holders, r.SelfHolder, r.Refusals = s.confirmed, s.selfHolder, s.refusals
			if r.Holders == 0 {
				r.Err = notStored(r.Refusals, s.journalErr)
				end(r)
				return
			}
			e.provided(r, op, entry, ephemeral, len(closest), len(others), end)
		})
	}
	if e.begin(op, l) {
		l.start()
	}
}

// provided follows the writes of a provider entry, of which one at least was confirmed.
func (e *Engine) provided(r *Result, op OpID, entry *rpc.Provider, ephemeral bool, closest, others int, end func(*Result)) {
	kept := e.keptOnlyHere(r, closest, others)
	e.forgetKept(entry.Key, false)
	_, wanted := e.ops[op]
	if wanted = wanted || op == 0; kept != nil && closest == 0 && wanted {
		e.keep(&keptHere{key: entry.Key, expires: r.Expires, ephemeral: ephemeral})
	}
	r.Err = kept
	if ephemeral || !wanted {
		end(r)
		return
	}
	changes := e.publishProvider(entry)
	if _, published := e.store.Published(entry.Key); kept != nil {
		changes = append(changes, e.store.Unconfirmed(e.now, published)...)
	}
	e.persist(changes, func(err error) {
		r.Err, r.Published = cmp.Or(err, kept), err == nil
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

// publishProvider notes that an entry was published. It may name an address that this node
// has left meanwhile.
func (e *Engine) publishProvider(p *rpc.Provider) []store.Change {
	changes := e.store.PublishProvider(e.now, p)
	if at := e.ownEndpoint(); p.Peer.Endpoint != at {
		e.store.ProvideAgain(e.now, at)
	}
	return changes
}
