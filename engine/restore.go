package engine

import (
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// replicate stores one key again at the k nodes now closest to it: an hour after
// the last STORE of it that this node saw, plus jitter, so that one holder of
// twenty does the work (Kademlia, section 2.5).
func (e *Engine) replicate() {
	key, ok := e.store.DueReplication(e.now)
	if !ok {
		return
	}
	target := identity.KeyPosition(key)
	if e.mode != Server {
		return // a node in mode auto may yet become one
	}
	if n := e.between(&target); n > 0 { // nearer nodes have come: theirs to keep alive
		e.store.SetHolder(key, n)
		return
	}
	e.stats.Restores++
	e.maintain(rpc.FindNode, nil, target, func(l *activeLookup) {
		closest := l.state.Closest(nil)
		if len(closest) == 0 {
			return // it comes up again before long
		}
		others, self := e.holders(&target, closest)
		// What somebody else stored in the meantime is left out.
		r, providers := e.store.Overdue(e.now, key, nil)
		e.store.Replicated(e.now, key, e.rnd)
		e.copyKey(others, r, providers)
		if !self {
			e.store.SetHolder(key, 1)
		}
	})
}

// copyKey sends a record, if there is one, and provider entries to nodes, on
// nobody's behalf.
func (e *Engine) copyKey(to []identity.Contact, r *rpc.Record, providers []rpc.Provider) {
	if r != nil {
		e.copyRecord(to, cloneRecord(r))
	}
	if len(providers) == 0 {
		return
	}
	c := &providerCopies{e: e, to: to}
	for _, p := range providers {
		c.left = append(c.left, cloneProvider(p))
		c.expires = append(c.expires, e.now.Add(p.TTL))
	}
	c.owner = e.register(c, 0)
	c.next()
}

// A providerCopies sends the provider entries of a key one after the other: there may be
// hundreds, and all at once to each of twenty holders they would leave no room for
// other requests.
type providerCopies struct {
	e       *Engine
	owner   owner
	to      []identity.Contact
	left    []rpc.Provider
	expires []time.Time
}

func (c *providerCopies) next() {
	for len(c.left) > 0 {
		p, expires := c.left[0], c.expires[0]
		c.left, c.expires = c.left[1:], c.expires[1:]
		if expires.After(c.e.now) {
			c.e.copyProvider(c.to, p, expires, c.next)
			return
		}
	}
	c.e.unregister(c.owner)
}

func (c *providerCopies) answered(*rpc.Request, *Inbound) {}
func (c *providerCopies) failed(*rpc.Request)             {}
func (c *providerCopies) overran(*rpc.Request)            {}
func (c *providerCopies) contacts(keep func(identity.Contact)) {
	for _, to := range c.to {
		keep(to)
	}
}

// copyProvider sends a provider entry to nodes; like a record's, its life is not
// extended by the way.
func (e *Engine) copyProvider(to []identity.Contact, p rpc.Provider, expires time.Time, ended func()) {
	e.spread(0, to, func(c identity.Contact) *rpc.Message {
		m := e.newRequest(rpc.AddProvider)
		entry := p
		entry.TTL = max(0, expires.Sub(e.now)-e.maxTransit(c))
		m.Provider = &entry
		return m
	}, func(*spread) { ended() })
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
	e.maintain(rpc.FindNode, nil, target, func(l *activeLookup) {
		closest := l.state.Closest(nil)
		others, self := e.holders(&target, closest)
		if item.Record != nil {
			e.storeAt(0, others, self, item.Record, nil, func(s *spread) {
				if isPublished(s, closest, others) {
					e.journal(e.store.Republished(e.now, item))
				}
			})
			return
		}
		entry := e.ownEntry(key) // where this node is now
		e.provideAt(0, others, self, entry, func(s *spread) {
			if _, published := e.store.Published(key); published == item && isPublished(s, closest, others) {
				e.journal(e.store.PublishProvider(e.now, entry))
			}
		})
	})
}

// isPublished reports whether a publication is done with for 22 hours. This node's own
// copy is not enough while others were to hold one, or while nobody is known: at
// its start, or cut off, it would let theirs die. One that others refuse as older
// was overwritten, and to repeat it changes nothing.
func isPublished(s *spread, closest, others []identity.Contact) bool {
	if s.self && s.holders == 1 && (len(others) > 0 || len(closest) == 0) {
		return slices.Contains(s.refusals, rpc.Older)
	}
	return s.holders > 0 || slices.Contains(s.refusals, rpc.Older)
}
