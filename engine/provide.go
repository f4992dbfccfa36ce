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
		e.provideAt(op, others, self, entry, func(s *spread) {
			r.Holders, r.SelfHolder, r.Refusals = s.holders, s.self, s.refusals
			if r.Holders == 0 {
				r.Err = refusal(r.Refusals)
			}
			if _, wanted := e.ops[op]; r.Holders == 0 || ephemeral || !wanted {
				e.finish(op, r)
				return
			}
			e.persist(e.store.PublishProvider(e.now, entry), func(err error) {
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

// ownEntry is this node's signed word that it provides a key, where its peers see
// it.
func (e *Engine) ownEntry(key []byte) *rpc.Provider {
	at := e.reachability.address()
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

// storeAt sends a record to its holders, this node perhaps among them.
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

// A providerSearch looks for the providers of a key.
type providerSearch struct {
	e      *Engine
	op     OpID
	most   int
	seen   map[identity.ID]bool
	lookup *activeLookup
	all    []rpc.Provider
}

// Providers looks for up to most providers of a key (0: as many as the lookup
// finds); each new one is reported as Progress.
func (e *Engine) Providers(now time.Time, op OpID, key []byte, most int, fx []Effect) []Effect {
	e.enter(now, fx)
	s := &providerSearch{e: e, op: op, most: most, seen: make(map[identity.ID]bool)}
	s.lookup = e.newLookup(op, rpc.GetProviders, key, identity.KeyPosition(key))
	s.lookup.onAnswer = func(from identity.Contact, in *Inbound) identity.Contact {
		if s.take(e.siftProviders(from, in.Message.Providers)) {
			return from
		}
		return 0
	}
	s.lookup.onEnd = func(reason lookup.Reason) {
		r := s.lookup.result()
		if r.Providers = s.all; len(s.all) == 0 {
			r.Err = ErrNotFound
			if reason == lookup.NoContacts || reason == lookup.TimedOut {
				r.Err = failure(reason)
			}
		}
		e.finish(op, r)
	}
	if !e.begin(op, s.lookup) {
		return e.leave()
	}
	if s.take(e.store.AllProviders(now, key, nil)) {
		e.finish(op, &Result{Providers: s.all})
		return e.leave()
	}
	s.lookup.start()
	return e.leave()
}

// maxProvidersFound bounds what one search collects.
const maxProvidersFound = 1024

// take adds the providers that are new, and reports whether there are enough.
func (s *providerSearch) take(providers []rpc.Provider) bool {
	most := maxProvidersFound
	if s.most > 0 {
		most = min(most, s.most)
	}
	first := len(s.all)
	for _, p := range providers {
		if len(s.all) < most && !s.seen[p.Peer.ID] {
			s.seen[p.Peer.ID] = true
			s.all = append(s.all, cloneProvider(p))
		}
	}
	if len(s.all) > first {
		s.e.emit(Effect{Kind: Progress, Op: s.op, Result: &Result{Providers: s.all[first:]}})
	}
	return len(s.all) >= most
}

func cloneProvider(p rpc.Provider) rpc.Provider {
	p.Key, p.Signature = append([]byte(nil), p.Key...), append([]byte(nil), p.Signature...)
	return p
}
