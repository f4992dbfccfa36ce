package engine

import (
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// restore stores one key again at the k nodes now closest to it: an hour after
// the last STORE of it that this node saw, plus jitter, so that one holder of
// twenty does the work (Kademlia, section 2.5).
func (e *Engine) restore() {
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
	e.maintain(rpc.FindNode, nil, target, func(w *walk) {
		closest := w.lookup.Closest(nil)
		if len(closest) == 0 {
			return // it comes up again before long
		}
		others, own := e.holders(&target, closest)
		// What somebody else stored in the meantime is left out.
		r, providers := e.store.Overdue(e.now, key, nil)
		e.store.Replicated(e.now, key, e.rnd)
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
	if len(providers) == 0 {
		return
	}
	c := &copying{e: e, to: to}
	for _, p := range providers {
		c.left = append(c.left, copyProviderEntry(p))
		c.expires = append(c.expires, e.now.Add(p.TTL))
	}
	c.owner = e.own(c, 0)
	c.next()
}

// A copying sends the provider entries of a key one after the other: there may be
// hundreds, and all at once to each of twenty holders they would leave no room for
// other requests.
type copying struct {
	e       *Engine
	owner   owner
	to      []identity.Contact
	left    []rpc.Provider
	expires []time.Time
}

func (c *copying) next() {
	for len(c.left) > 0 {
		p, expires := c.left[0], c.expires[0]
		c.left, c.expires = c.left[1:], c.expires[1:]
		if expires.After(c.e.now) {
			c.e.copyProvider(c.to, p, expires, c.next)
			return
		}
	}
	c.e.disown(c.owner)
}

func (c *copying) answered(*rpc.Request, *Inbound) {}
func (c *copying) failed(*rpc.Request)             {}
func (c *copying) overran(*rpc.Request)            {}
func (c *copying) contacts(keep func(identity.Contact)) {
	for _, to := range c.to {
		keep(to)
	}
}

// copyProvider sends a provider entry to nodes; like a record's, its life is not
// extended by the way.
func (e *Engine) copyProvider(to []identity.Contact, p rpc.Provider, expires time.Time, then func()) {
	e.spread(0, to, func(c identity.Contact) *rpc.Message {
		m := e.newRequest(rpc.AddProvider)
		entry := p
		entry.TTL = max(0, expires.Sub(e.now)-e.passage(c))
		m.Provider = &entry
		return m
	}, func(*spread) { then() })
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
		closest := w.lookup.Closest(nil)
		others, own := e.holders(&target, closest)
		if item.Record != nil {
			e.storeAt(0, others, own, item.Record, nil, func(s *spread) {
				if isOut(s, closest, others) {
					e.journal(e.store.Republished(e.now, item))
				}
			})
			return
		}
		entry := e.ownEntry(key) // where this node is now
		e.provideAt(0, others, own, entry, func(s *spread) {
			if _, published := e.store.Published(key); published == item && isOut(s, closest, others) {
				e.journal(e.store.PublishProvider(e.now, entry))
			}
		})
	})
}

// isOut reports whether a publication is done with for 22 hours. This node's own
// copy is not enough while others were to hold one, or while nobody is known: at
// its start, or cut off, it would let theirs die. One that others refuse as older
// was overwritten, and to repeat it changes nothing.
func isOut(s *spread, closest, others []identity.Contact) bool {
	if s.self && s.holders == 1 && (len(others) > 0 || len(closest) == 0) {
		return slices.Contains(s.refusals, rpc.Older)
	}
	return s.holders > 0 || slices.Contains(s.refusals, rpc.Older)
}
