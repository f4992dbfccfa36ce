package sim

import (
	"kadmium/identity"
	"kadmium/rpc"
)

// lie answers a request as liars in league do: whoever is sought, the k liars that
// stand nearest to the target are said to be; no record is there; and what is to be
// kept is acknowledged and forgotten. A liar cannot answer for another identity, so
// this is the worst it can name: invented peers would only be silent ones.
func (w *world) lie(n *node, d *datagram) {
	q := &d.message
	m := &w.falseReply
	m.Reset()
	m.Type, m.ID, m.Response, m.Serves = q.Type, q.ID, true, true
	switch {
	case q.Type == rpc.Ping:
		m.Observed = w.book.Address(d.from).Endpoint
	case q.Type.IsQuery():
		m.Contacts = w.book.closest(m.Contacts, &q.Target, w.cfg.K, func(c identity.Contact) bool {
			return w.role(c) == lying
		})
	}
	w.send(n.contact, d.from, m, d.operation)
}

// A role is what a node that serves is like.
type role uint8

const (
	honest role = iota
	silent      // hears answers alone
	lying       // see lie
)

// role is a server's role, a function of the seed.
func (w *world) role(n identity.Contact) role {
	c := w.cfg
	if c.Silent+c.Lying == 0 || n == w.first {
		return honest
	}
	switch share := unit(hash(c.Seed, forRole, uint64(n))) * (1 - c.Client); {
	case share < c.Silent:
		return silent
	case share < c.Silent+c.Lying:
		return lying
	}
	return honest
}

// hears reports whether a message gets through to the node.
func (n *node) hears(m *rpc.Message) bool { return m.Response || n.role != silent && !n.client }
