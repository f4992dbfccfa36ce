package engine

import (
	"kadmium/identity"
	"kadmium/rpc"
)

// restore stores one key again at the k nodes now closest to it: an hour after
// the last STORE of it that this node saw, plus jitter, so that one holder of
// twenty does the work (Kademlia, section 2.5).
func (e *Engine) restore() {
	key, ok := e.store.DueRestore(e.now)
	if !ok {
		return
	}
	target := identity.KeyPosition(key)
	if n := e.between(&target); n > 0 || e.mode != Server { // nearer nodes have come: theirs to keep alive
		e.store.SetHolder(key, max(n, 1))
		return
	}
	e.stats.Restores++
	e.maintain(rpc.FindNode, nil, target, func(w *walk) {
		others, own := e.holders(&target, w.lookup.Closest(nil))
		// What somebody else stored in the meantime is left out.
		r, providers := e.store.Overdue(e.now, key, nil)
		e.store.Restored(e.now, key, e.rnd)
		e.copyAll(others, r, providers)
		if !own {
			e.store.SetHolder(key, 1)
		}
	})
}

// copyAll sends a record, if there is one, and provider entries to nodes, on
// nobody's behalf.
func (e *Engine) copyAll(to []identity.Contact, r *rpc.Record, providers []rpc.Provider) {
	if r != nil {
		e.copyTo(to, copyRecord(r))
	}
	for _, p := range providers {
		e.copyProvider(to, copyProviderEntry(p))
	}
}

// copyProvider sends a provider entry to nodes; like a record's, its life is not
// extended by the way.
func (e *Engine) copyProvider(to []identity.Contact, p rpc.Provider) {
	expires := e.now.Add(p.TTL)
	e.spread(to, func(c identity.Contact) *rpc.Message {
		m := e.newRequest(rpc.AddProvider)
		entry := p
		entry.TTL = max(0, expires.Sub(e.now)-e.rto(c))
		m.Provider = &entry
		return m
	}, func(*spread) {})
}

// republish stores again what this node publishes itself, with its full lifetime:
// every 22 hours, so that no record of a living publisher expires (section 2.5).
func (e *Engine) republish() {
	item, ok := e.store.DueRepublish(e.now)
	if !ok {
		return
	}
	key := item.Key()
	e.stats.Republishes++
	target := identity.KeyPosition(key)
	e.maintain(rpc.FindNode, nil, target, func(w *walk) {
		others, own := e.holders(&target, w.lookup.Closest(nil))
		if item.Record != nil {
			e.storeAt(others, own, item.Record, nil, func(s *spread) {
				if s.holders > 0 {
					e.journal(e.store.Republished(e.now, item))
				}
			})
			return
		}
		entry := e.ownEntry(key) // where this node is now
		e.provideAt(others, own, entry, func(s *spread) {
			if _, published := e.store.Published(key); s.holders > 0 && published == item {
				e.journal(e.store.PublishProvider(e.now, entry))
			}
		})
	})
}
