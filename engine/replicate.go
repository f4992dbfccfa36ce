package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

func (e *Engine) wantsReplication() time.Time {
	if !e.mayStoreAgain() {
		return time.Time{}
	}
	return e.store.NextReplication()
}

// replicate stores a key again at the k nodes that are now closest to it. It is due an
// hour and a random time after the last STORE of the key that this node saw, so that one
// of twenty holders does the work (Kademlia, section 2.5; design R6.10).
func (e *Engine) replicate() {
	key, ok := e.store.DueReplication(e.now)
	if !ok {
		return
	}
	target := identity.KeyPosition(key)
	if e.mode != Server {
		return // a node in mode auto may still become a server
	}
	n := e.outranked(&target)
	e.store.SetBetween(key, n)
	if n > 0 { // nearer nodes have joined, which replicate it
		return
	}
	e.counters.Replications++
	e.maintain(ForReplication, target, func(l *activeLookup) {
		closest, others, self := l.holders()
		if len(closest) == 0 {
			return // the key stays due
		}
		// Records that others have stored in the meantime are not overdue.
		r, providers := e.store.Overdue(e.now, key, nil)
		e.store.Replicated(e.now, key, e.rnd)
		e.copyKey(others, r, providers)
		if d := l.state.Density(); !self && !d.Suspect() {
			e.store.SetBetween(key, 1)
		}
	})
}

// copyKey sends copies of a record, unless it is nil, and of provider entries to nodes.
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

// copyRecord sends a copy of a record to nodes. It never extends the record's lifetime
// (design R6.11).
func (e *Engine) copyRecord(to []identity.Contact, r *rpc.Record) {
	if len(to) == 0 {
		return
	}
	expires := e.now.Add(r.TTL)
	e.fanOut(0, to, func(c identity.Contact) *rpc.Message {
		return e.copyMessage(c, r, expires)
	}, func(*fanOut) {})
}

// copyMessage is a STORE of a record that this node does not publish. Its remaining
// lifetime is reduced by the time that the write may take (design R6.11).
func (e *Engine) copyMessage(to identity.Contact, r *rpc.Record, expires time.Time) *rpc.Message {
	m := e.newRequest(rpc.Store)
	c := *r
	c.TTL = max(0, expires.Sub(e.now)-e.maxTransit(to))
	m.Record, m.Copy = &c, true
	return m
}

// A providerCopies sends the provider entries of a key one after the other. There may be
// hundreds, and all of them at once to twenty holders would leave no room for other
// requests.
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

func (c *providerCopies) failed(*rpc.Request) {}

func (c *providerCopies) overran(*rpc.Request) {}

func (c *providerCopies) contacts(keep func(identity.Contact)) {
	for _, to := range c.to {
		keep(to)
	}
}

// copyProvider sends a copy of a provider entry to nodes. Like a copy of a record it
// never extends the lifetime.
func (e *Engine) copyProvider(to []identity.Contact, p rpc.Provider, expires time.Time, ended func()) {
	e.fanOut(0, to, func(c identity.Contact) *rpc.Message {
		return e.copyProviderMessage(c, p, expires)
	}, func(*fanOut) { ended() })
}

// copyProviderMessage is an ADD_PROVIDER of an entry of another peer, as copyMessage is a STORE.
func (e *Engine) copyProviderMessage(to identity.Contact, p rpc.Provider, expires time.Time) *rpc.Message {
	m := e.newRequest(rpc.AddProvider)
	p.TTL = max(0, expires.Sub(e.now)-e.maxTransit(to))
	m.Provider = &p
	return m
}
