package sim

import (
	"kadmium/identity"
	"kadmium/rpc"
)

// lie answers a request as a colluding lying node does: it names the k lying nodes
// nearest to the target, has no records, and acknowledges writes without storing. It
// cannot answer for another identity, so nodes that it made up would only be silent:
// naming other lying nodes is worse.
func (w *world) lie(n *node, d *datagram) {
	q := &d.message
	m := &w.falseReply
	m.Reset()
	m.Type, m.ID, m.Response, m.Serves = q.Type, q.ID, true, true
	m.Observed = w.book.Address(d.from).Endpoint
	if q.Type.IsQuery() {
		m.Contacts = w.book.closest(m.Contacts, &q.Target, w.cfg.K, func(c identity.Contact) bool {
			return w.role(c) == lying
		})
	}
	w.send(n, d.from, m, d.operation)
}

// A role is the behaviour of a server.
type role uint8

const (
	honest role = iota
	silent      // receives responses only
	lying       // see lie
)

// role is the role of a server. It depends on the seed only.
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

// hears reports whether the node receives a message.
func (n *node) hears(m *rpc.Message) bool { return m.Response || n.role != silent && !n.client }
