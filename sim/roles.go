package sim

import (
	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/sim/attack"
)

// lie answers a request as a colluding lying node does: it names the k lying nodes
// nearest to the target, has no records, and acknowledges writes without storing. It
// cannot answer for another identity, so nodes that it made up would only be silent:
// naming other lying nodes is worse. Those of a pool name its identities instead, and those
// made around a target each other. Stale ones have a record.
func (w *world) lie(n *node, d *datagram) {
	q := &d.message
	m := w.denial(d)
	if q.Type.IsQuery() {
		switch n.role {
		case pooling:
			m.Contacts = w.book.closestOfPool(m.Contacts, &q.Target, w.cfg.K)
		case sybil:
			if g := &w.book.ground; g.buckets > 0 {
				g.nameOfBucket(m, n, identity.CommonPrefixLen(w.book.Position(w.victim), &q.Target), w.cfg.K)
			} else {
				g.nameOthers(m, n, w.cfg.K)
			}
		default:
			m.Contacts = w.book.closest(m.Contacts, &q.Target, w.cfg.K, func(c identity.Contact) bool {
				return w.role(c) == n.role
			})
		}
	}
	if n.role == stale && q.Type == rpc.FindValue {
		m.Record = w.older
	}
	w.send(n, d.from, m, d.operation)
}

// outdate has a node that keeps old records serve the old one.
func (w *world) outdate(n *node, m *rpc.Message) *rpc.Message {
	if n.role != outdated || m.Record == nil {
		return m
	}
	old := *m
	old.Record = w.older
	return &old
}

// denial is an answer that says nothing.
func (w *world) denial(d *datagram) *rpc.Message {
	m := &w.falseReply
	m.Reset()
	m.Type, m.ID, m.Response, m.Serves = d.message.Type, d.message.ID, true, true
	m.Observed = w.book.Address(d.from).Endpoint
	return m
}

// keepMute answers PINGs, and other requests with what nobody can decode, if at all.
func (w *world) keepMute(n *node, d *datagram) {
	if d.message.Type == rpc.Ping || w.garbles {
		w.send(n, d.from, w.denial(d), d.operation)
	}
}

// garbled reports whether a response cannot be decoded.
func (w *world) garbled(d *datagram) bool {
	return w.garbles && d.message.Response && d.message.Type != rpc.Ping && w.role(d.from) == mute
}

// postpone has a request to a dripping node arrive again, after the time that the node waits
// before an answer. It reports whether it does.
func (w *world) postpone(d *datagram) bool {
	if w.drips == 0 || d.held || d.message.Response || w.role(d.to) != dripping {
		return false
	}
	d.held, d.twin = true, nil
	w.post(d.to, event{at: w.now + w.drips, turn: w.turn(d.from, d.sent), kind: arrival, datagram: d})
	return true
}

// A role is the behaviour of a server.
type role uint8

const (
	honest   role = iota
	silent        // receives responses only
	lying         // see lie
	pooling       // likewise
	sybil         // likewise
	stale         // likewise, with an older record
	outdated      // see outdate
	mute          // see keepMute
	dripping      // see postpone
)

// rolesOf are those of the kinds of attacks.
var rolesOf = map[string]role{attack.Liars: lying, attack.Pool: pooling, attack.Mute: mute, attack.Drip: dripping, attack.Stale: stale}

// runs reports whether the node does what an engine does, in time or not.
func (r role) runs() bool { return r == honest || r == dripping || r == outdated }

// lies reports whether the node answers as lie does.
func (r role) lies() bool { return r == lying || r == pooling || r == sybil || r == stale }

// findable reports whether lookups can find the node.
func (r role) findable() bool { return r != silent && r != mute }

// role is the role of a server. It depends on the seed only.
func (w *world) role(n identity.Contact) role {
	c := w.cfg
	if c.Silent+c.Lying == 0 && len(c.Attacks) == 0 || n == w.first {
		return honest
	}
	if w.book.ground.has(n) {
		return sybil
	}
	if w.book.pool != nil && int(n) > w.book.servers {
		return pooling
	}
	share, upTo := unit(hash(c.Seed, forRole, uint64(n)))*(1-c.Client), c.Silent+c.Lying
	switch {
	case share < c.Silent:
		return silent
	case share < upTo:
		return lying
	}
	for i := range c.Attacks {
		if upTo += c.Attacks[i].Share; share < upTo {
			if c.Attacks[i].Kind == attack.Stale && !c.Attacks[i].Collude {
				return outdated
			}
			return rolesOf[c.Attacks[i].Kind]
		}
	}
	return honest
}

// hears reports whether the node receives a message.
func (n *node) hears(m *rpc.Message) bool { return m.Response || n.role != silent && !n.client }
