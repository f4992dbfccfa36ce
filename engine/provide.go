package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
	"kadmium/store"
)

// Provide tells the k nodes closest to a key that this node provides it, signed,
// and again every 22 h until Unpublish.
func (e *Engine) Provide(now time.Time, op OpID, key []byte, once bool, fx []Effect) []Effect {
	e.enter(now, fx)
	target := identity.KeyPosition(key)
	w := e.newWalk(op, rpc.FindNode, nil, target)
	w.ended = func(reason lookup.Reason) {
		r := w.result()
		entry := e.ownEntry(key)
		r.Expires = e.now.Add(entry.TTL)
		others, own := e.holders(&target, w.lookup.Closest(nil))
		if len(others) == 0 && !own {
			r.Err = failure(reason)
			e.finish(op, r)
			return
		}
		e.provideAt(op, others, own, entry, func(s *spread) {
			r.Holders, r.SelfHolder, r.Refusals = s.holders, s.self, s.refusals
			if r.Holders == 0 {
				r.Err = refusal(r.Refusals)
			}
			if _, wanted := e.ops[op]; r.Holders == 0 || once || !wanted {
				e.finish(op, r)
				return
			}
			e.persist(e.store.PublishProvider(e.now, entry), func(err error) {
				r.Err, r.Published = err, err == nil
				e.finish(op, r)
			})
		})
	}
	if e.begin(op, w) {
		w.start()
	}
	return e.leave()
}

// ownEntry is this node's signed word that it provides a key, where its peers see
// it.
func (e *Engine) ownEntry(key []byte) *rpc.Provider {
	at := e.reach.address()
	if !at.IsValid() {
		at = e.cfg.Endpoint
	}
	p := &rpc.Provider{
		Key:      key,
		Peer:     identity.Address{ID: e.cfg.Self, Endpoint: at},
		Sequence: e.store.ProviderSequence(e.now, key),
		TTL:      store.ProviderTTL,
	}
	if e.cfg.SignProvider != nil {
		e.cfg.SignProvider(p)
	}
	return p
}

// provideAt sends a provider entry to its holders, this node perhaps among them.
func (e *Engine) provideAt(op OpID, others []identity.Contact, own bool, p *rpc.Provider, ended func(*spread)) {
	var keep func() (rpc.Status, []store.Op)
	if own {
		keep = func() (rpc.Status, []store.Op) {
			return e.store.PutProvider(e.now, p, store.Source{}, 0, e.rnd)
		}
	}
	e.spreadAndKeep(op, others, keep, func(identity.Contact) *rpc.Message {
		m := e.newRequest(rpc.AddProvider)
		entry := *p
		m.Provider = &entry
		return m
	}, ended)
}

// storeAt sends a record to its holders, this node perhaps among them.
func (e *Engine) storeAt(op OpID, others []identity.Contact, own bool, r *rpc.Record, swap *uint64, ended func(*spread)) {
	var keep func() (rpc.Status, []store.Op)
	if own {
		keep = func() (rpc.Status, []store.Op) {
			return e.store.Put(e.now, r, store.Source{}, swap, 0, e.rnd)
		}
	}
	e.spreadAndKeep(op, others, keep, func(identity.Contact) *rpc.Message {
		m := e.newRequest(rpc.Store)
		c := *r
		m.Record = &c
		if swap != nil {
			m.CAS, m.CASSequence = true, *swap
		}
		return m
	}, ended)
}

// A finder looks for the providers of a key.
type finder struct {
	e    *Engine
	op   OpID
	most int
	seen map[identity.ID]bool
	walk *walk
	all  []rpc.Provider
}

// Providers looks for up to most providers of a key (0: as many as the lookup
// finds); each new one is reported as Progress.
func (e *Engine) Providers(now time.Time, op OpID, key []byte, most int, fx []Effect) []Effect {
	e.enter(now, fx)
	f := &finder{e: e, op: op, most: most, seen: make(map[identity.ID]bool)}
	f.walk = e.newWalk(op, rpc.GetProviders, key, identity.KeyPosition(key))
	f.walk.heard = func(from identity.Contact, in *Inbound) identity.Contact {
		if f.take(e.siftProviders(from, in.Message.Providers)) {
			return from
		}
		return 0
	}
	f.walk.ended = func(reason lookup.Reason) {
		r := f.walk.result()
		if r.Providers = f.all; len(f.all) == 0 {
			r.Err = ErrNotFound
			if reason == lookup.NoContacts || reason == lookup.TimedOut {
				r.Err = failure(reason)
			}
		}
		e.finish(op, r)
	}
	if !e.begin(op, f.walk) {
		return e.leave()
	}
	if f.take(e.store.AllProviders(now, key, nil)) {
		e.finish(op, &Result{Providers: f.all})
		return e.leave()
	}
	f.walk.start()
	return e.leave()
}

// maxProvidersFound bounds what one search collects.
const maxProvidersFound = 1024

// take adds the providers that are new, and reports whether there are enough.
func (f *finder) take(providers []rpc.Provider) bool {
	most := maxProvidersFound
	if f.most > 0 {
		most = min(most, f.most)
	}
	first := len(f.all)
	for _, p := range providers {
		if len(f.all) < most && !f.seen[p.Peer.ID] {
			f.seen[p.Peer.ID] = true
			f.all = append(f.all, copyProviderEntry(p))
		}
	}
	if len(f.all) > first {
		f.e.emit(Effect{Kind: Progress, Op: f.op, Result: &Result{Providers: f.all[first:]}})
	}
	return len(f.all) >= most
}

func copyProviderEntry(p rpc.Provider) rpc.Provider {
	p.Key, p.Signature = append([]byte(nil), p.Key...), append([]byte(nil), p.Signature...)
	return p
}
