package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
)

// A providerSearch looks for the providers of a key.
type providerSearch struct {
	e      *Engine
	op     OpID
	most   int
	seen   map[identity.ID]bool
	lookup *activeLookup
	all    []rpc.Provider
}

// Providers looks for up to most providers of a key, 0 for all that the lookup finds.
// Each new one is reported as Progress.
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
			r.Err = s.lookup.notFound(reason)
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
