package sim

import (
	"kadmium/engine"
	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/session"
)

// A datagram is a message in transit, in an established session.
type datagram struct {
	from, to  identity.Contact
	message   rpc.Message
	operation *operation // that caused it; nil: none of the workload
	twin      *datagram
	second    bool   // its twin has arrived
	held      bool   // by a dripping node, which handles it now
	sent      uint32 // by its sender before it, and itself
}

// send sends a message. It copies it, as the memory belongs to the engine.
func (w *world) send(n *node, to identity.Contact, m *rpc.Message, o *operation) {
	size := session.SessionOverhead + rpc.Size(m, w.book)
	w.bytes += uint64(size)
	w.datagrams++
	if o != nil {
		w.charge(o, size)
	}
	d := w.datagram()
	d.from, d.to, d.operation = n.contact, to, o
	copyMessage(&d.message, m)
	twice := w.cfg.Duplicate > 0 && w.draw(n, forTwin) < w.cfg.Duplicate
	if twice {
		twin := w.datagram()
		twin.from, twin.to, twin.operation, twin.twin = n.contact, to, o, d
		copyMessage(&twin.message, m)
		d.twin = twin
		w.transmit(n, twin)
	}
	w.transmit(n, d)
}

// What is random of a datagram is a hash of its sender and of how many it sent before, so
// that it does not depend on what other nodes do.
const (
	forTwin = iota
	forLoss
	forJitter
)

// random is 64 random bits for the next datagram of a node.
func (w *world) random(n *node, what uint64) uint64 {
	return hash(w.wire, uint64(w.number(n.contact)), uint64(n.sent), what)
}

// draw is a random number strictly between 0 and 1 for the next datagram of a node.
func (w *world) draw(n *node, what uint64) float64 {
	return unit(w.random(n, what))
}

// transmit has a datagram arrive after its one-way time, or loses it.
func (w *world) transmit(n *node, d *datagram) {
	n.sent++
	d.sent = n.sent
	if w.cfg.Loss > 0 && w.draw(n, forLoss) < w.cfg.Loss {
		w.lost++
		w.recycle(d)
		return
	}
	var random uint64
	if w.jitters {
		random = w.random(n, forJitter)
	}
	at := w.now + w.path.oneWay(w.number(d.from), w.number(d.to), random)
	w.post(d.to, event{at: at, turn: w.turn(n.contact, n.sent), kind: arrival, datagram: d})
}

// number is the number by which the latencies of a node are computed.
func (w *world) number(c identity.Contact) uint32 {
	if c == w.guest {
		return w.guestNumber
	}
	return uint32(c)
}

// arrive delivers a datagram. Of two copies only the first to arrive is delivered: the
// replay window of the session drops the other.
func (w *world) arrive(d *datagram) {
	if d.second {
		w.replayed++
	} else {
		if d.twin != nil {
			d.twin.second, d.twin.twin = true, nil
		}
		if w.postpone(d) {
			return
		}
		w.deliver(d)
	}
	w.recycle(d)
}

func (w *world) deliver(d *datagram) {
	w.answering = d
	defer func() { w.answering = nil }()
	to := w.nodeOf(d.to)
	if to == nil || !to.hears(&d.message) {
		return
	}
	switch {
	case w.garbled(d):
		w.perform(to, to.engine.Malformed(w.clock(), d.message.ID, w.effects[:0]))
		return
	case d.message.Response && to.engine == nil:
		return // an answer to an attacker
	case d.message.Response:
	case to.role.lies():
		w.lie(to, d)
		return
	case to.role == mute:
		w.keepMute(to, d)
		return
	}
	w.inbound = engine.Inbound{From: d.from, Message: &d.message, Room: session.MaxSessionBody, Proven: true}
	w.perform(to, to.engine.Receive(w.clock(), &w.inbound, w.effects[:0]))
}

// datagram is an empty datagram.
func (w *world) datagram() *datagram {
	if n := len(w.freeDatagrams); n > 0 {
		d := w.freeDatagrams[n-1]
		w.freeDatagrams = w.freeDatagrams[:n-1]
		return d
	}
	return new(datagram)
}

// maxFree bounds the datagrams that are kept for later. While nodes join many more are under
// way than when all have joined.
const maxFree = 1024

func (w *world) recycle(d *datagram) {
	if d.twin != nil {
		d.twin.twin = nil
	}
	d.operation, d.twin, d.second, d.held = nil, nil, false, false
	if len(w.freeDatagrams) < maxFree {
		w.freeDatagrams = append(w.freeDatagrams, d)
	}
}

// copyMessage copies a message, and reuses the memory of dst's slices. It shares the
// memory that records and provider entries refer to: engines never change it.
func copyMessage(dst, m *rpc.Message) {
	known, contacts, providers := dst.Known, dst.Contacts, dst.Providers
	failed, settled, protocols := dst.Failed, dst.Settled, dst.Protocols
	*dst = *m
	dst.Known = append(known[:0], m.Known...)
	dst.Failed = append(failed[:0], m.Failed...)
	dst.Settled = append(settled[:0], m.Settled...)
	dst.Protocols = append(protocols[:0], m.Protocols...)
	dst.Contacts = append(contacts[:0], m.Contacts...)
	dst.Providers = append(providers[:0], m.Providers...)
	if m.Record != nil {
		r := *m.Record
		dst.Record = &r
	}
	if m.Provider != nil {
		p := *m.Provider
		dst.Provider = &p
	}
}
