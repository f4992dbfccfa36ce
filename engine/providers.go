package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
	"kadmium/store"
)

// A providerSearch looks for the providers of a key: a lookup, in which each node names a
// sample of those it knows, and then pages of the holders that know more.
type providerSearch struct {
	e       *Engine
	op      OpID
	key     []byte
	most    int
	seen    map[identity.ID]int // index in all
	lookup  *activeLookup
	holders map[identity.Contact]bool // that know more than they named
	pages   *providerPages            // once the lookup is over
	all     []rpc.Provider
	more    bool // there may be more providers than all
}

// Providers looks for up to most providers of a key, 0 for all that are found. Each new
// one is reported as Progress, and again if a later answer has a newer entry of it.
func (e *Engine) Providers(now time.Time, op OpID, key []byte, most int, fx []Effect) []Effect {
	e.enter(now, fx)
	s := &providerSearch{e: e, op: op, key: key, most: most, seen: make(map[identity.ID]int)}
	s.lookup = e.newLookup(op, ForProviders, rpc.GetProviders, key, identity.KeyPosition(key))
	s.lookup.onAnswer = s.onAnswer
	s.lookup.onEnd = s.onEnd
	if !e.begin(op, s) {
		return e.leave()
	}
	own := e.store.AllProviders(now, key, nil)
	s.more = len(own) >= store.MaxProvidersPerKey
	if s.take(own) {
		e.finish(op, &Result{Providers: s.all, More: true})
		return e.leave()
	}
	s.lookup.start()
	return e.leave()
}

func (s *providerSearch) onAnswer(from identity.Contact, in *Inbound) identity.Contact {
	if in.Message.MoreProviders {
		if s.holders == nil {
			s.holders = make(map[identity.Contact]bool)
		}
		s.holders[from] = true
	}
	if s.take(s.e.siftProviders(from, in.Message.Providers)) {
		return from
	}
	return 0
}

func (s *providerSearch) onEnd(reason lookup.Reason) {
	if reason != lookup.Satisfied {
		if holders := s.knowMore(); len(holders) > 0 {
			s.askPages(holders, func() { s.finish(reason) })
			return
		}
	}
	s.finish(reason)
}

// knowMore are those of the k closest that know more than they named, the closest first.
func (s *providerSearch) knowMore() []identity.Contact {
	var holders []identity.Contact
	for _, c := range s.lookup.state.Closest(nil) {
		if s.holders[c] {
			holders = append(holders, c)
		}
	}
	return holders
}

func (s *providerSearch) finish(reason lookup.Reason) {
	r := s.result()
	if len(s.all) == 0 {
		r.Err = s.lookup.notFound(reason)
	}
	s.e.finish(s.op, r)
}

func (s *providerSearch) result() *Result {
	r := s.lookup.result()
	r.Providers, r.More = s.all, s.more
	return r
}

// maxProvidersFound bounds what one search collects (design R6.25).
const maxProvidersFound = 1024

// take adds the providers that are new, puts newer entries in place of older ones (design
// R6.32), and reports whether there are enough.
func (s *providerSearch) take(providers []rpc.Provider) bool {
	most := maxProvidersFound
	if s.most > 0 {
		most = min(most, s.most)
	}
	first := len(s.all)
	var newer []rpc.Provider
	for _, p := range providers {
		i, known := s.seen[p.Peer.ID]
		switch {
		case p.Withdrawn:
		case known && p.Sequence > s.all[i].Sequence && !s.isCrowded(&p):
			s.all[i] = cloneProvider(p)
			if i < first {
				newer = append(newer, s.all[i])
			}
		case !known && s.isCrowded(&p):
			s.e.counters.seldom().ContactsDropped++
		case !known && len(s.all) < most:
			s.seen[p.Peer.ID] = len(s.all)
			s.all = append(s.all, cloneProvider(p))
		}
	}
	if newer = append(newer, s.all[first:]...); len(newer) > 0 {
		s.e.emit(Effect{Kind: Progress, Op: s.op, Result: &Result{Providers: newer}})
	}
	enough := len(s.all) >= most
	s.more = s.more || enough
	return enough
}

// isCrowded reports whether as many other providers as may be are at a provider's address
// (design R6.43).
func (s *providerSearch) isCrowded(p *rpc.Provider) bool {
	others := 0
	for i := range s.all {
		if o := &s.all[i]; o.Peer.ID != p.Peer.ID && store.SharesHost(o, p) {
			others++
		}
	}
	return others >= store.MaxProvidersPerHost && p.Peer.ID != s.e.cfg.Self
}

func (s *providerSearch) contacts(keep func(identity.Contact)) {
	s.lookup.contacts(keep)
	if s.pages != nil {
		s.pages.contacts(keep)
	}
}

// cancel ends the search. The Result has the providers so far.
func (s *providerSearch) cancel() *Result {
	s.more = true
	if s.pages != nil {
		s.pages.stop()
	} else {
		s.lookup.cancel()
	}
	return s.result()
}
