package transport

import (
	"fmt"
	"net/netip"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/session"
)

// firstContact is the datagram of the call's first contact; nil without an error
// while a worker signs it, who then sends it. Each one sent counts against what an
// IP may get that never answered (rule 7). The transport is locked.
func (t *Transport) firstContact(now time.Time, c *call) (*buffer, error) {
	if c.first != nil && c.first.initiator == nil {
		return nil, nil
	}
	if !t.unanswered.Allow(now, c.to.Endpoint.Addr()) {
		return nil, fmt.Errorf("%w: %v", ErrTooManyFirstContacts, c.to.Endpoint.Addr())
	}
	if c.first != nil {
		return copyBuffer(c.first.initiator.Datagram()), nil
	}
	c.first = new(firstTry)
	if !t.workers.own(func() { t.sign(c) }) {
		c.first = nil
		return nil, ErrBusy
	}
	return nil, nil
}

// sign makes and sends a first contact, on a worker.
func (t *Transport) sign(c *call) {
	i, err := t.endpoint.Initiate(c.to.ID, uint8(c.rpc), c.flags, c.id, c.body)
	if err != nil {
		t.log.Error("first contact not made", "to", c.to, "err", err)
		return
	}
	t.mu.Lock()
	if t.closed || t.calls.byID[c.id] != c {
		t.mu.Unlock()
		return
	}
	c.first.initiator = i
	b := copyBuffer(i.Datagram())
	t.mu.Unlock()
	if err := t.send(c.socket, b, c.to.Endpoint, netip.Addr{}); err != nil {
		t.log.Debug("first contact not sent", "to", c.to, "err", err)
	}
}

// contacted is the call that a first response or cookie from the address could
// belong to, and otherwise why it is dropped. The transport is locked.
func (t *Transport) contacted(id uint64, from netip.AddrPort) (*call, reason) {
	c := t.calls.byID[id]
	if c == nil || c.first == nil || c.first.initiator == nil {
		return nil, dropUnsolicited
	}
	if c.to.Endpoint != from {
		return nil, dropAddress
	}
	return c, 0
}

// receiveFirstResponse matches a first response with its request and leaves the
// rest to a worker.
func (t *Transport) receiveFirstResponse(r *reader, datagram []byte) {
	f, err := t.endpoint.ParseFirstResponse(datagram)
	if err != nil {
		t.count.drop(reasonOf(err))
		return
	}
	t.mu.Lock()
	c, why := t.contacted(f.ID, r.from)
	switch {
	case c == nil:
	case !c.to.ID.IsZero() && c.to.ID != f.From || uint8(c.rpc) != f.Type:
		c, why = nil, dropUnsolicited
	case c.first.checking >= maxChecking:
		c, why = nil, dropBusy
	default:
		c.first.checking++
	}
	t.mu.Unlock()
	if c == nil {
		t.count.drop(why)
		return
	}
	b, from := copyBuffer(datagram), r.from
	if !t.workers.own(func() { t.complete(c, b, from) }) {
		t.mu.Lock()
		c.first.checking-- // the peer's next answer may find room
		t.mu.Unlock()
		putBuffer(b)
		t.count.drop(dropQueue)
	}
}

// complete checks a first response, on a worker, and hands it to the handler.
func (t *Transport) complete(c *call, b *buffer, from netip.AddrPort) {
	defer putBuffer(b)
	f, err := t.endpoint.ParseFirstResponse(b.bytes())
	if err != nil {
		t.count.drop(reasonOf(err))
		return
	}
	now := t.now()
	s, err := c.first.initiator.Complete(now, &f, from)

	t.mu.Lock()
	c.first.checking--
	if err != nil || t.closed || t.calls.byID[c.id] != c {
		t.mu.Unlock()
		if err != nil {
			t.count.drop(dropSignature)
		} else {
			t.count.drop(dropUnsolicited)
		}
		return
	}
	t.table.AddInitiated(now, s)
	t.sweepLater()
	t.unanswered.Answered(from.Addr())
	ambiguous := c.ambiguous
	writes := t.calls.opened(identity.Address{ID: f.From, Endpoint: from})
	if t.calls.byID[c.id] == c { // not the opening's own PING
		t.calls.remove(c)
	}
	t.mu.Unlock()

	for _, id := range writes {
		t.resume(now, id)
	}
	if c.opener {
		return
	}
	t.handler(&Inbound{
		From: identity.Address{ID: f.From, Endpoint: from}, ID: f.ID, Type: rpc.Type(f.Type), Response: true,
		Serves: f.Flags&session.FlagServes != 0, Proven: true, Observed: f.Observed, Ambiguous: ambiguous, Body: f.Body,
	})
}

// resume sends a write that waited for a session.
func (t *Transport) resume(now time.Time, id uint64) {
	t.mu.Lock()
	c, ok := t.calls.byID[id]
	if !ok {
		t.mu.Unlock()
		return
	}
	c.ambiguous = true // a round trip more than usual
	s, to := c.socket, c.to.Endpoint
	b, err := t.try(now, c, false)
	t.mu.Unlock()
	if b != nil {
		err = t.send(s, b, to, netip.Addr{})
	}
	if err != nil {
		t.log.Debug("write not sent", "to", to, "err", err)
	}
}

// receiveCookie sends a first contact again with the cookie it drew.
func (t *Transport) receiveCookie(r *reader, datagram []byte) {
	id, cookie, err := session.ParseCookie(datagram, t.endpoint.Network())
	if err != nil {
		t.count.drop(reasonOf(err))
		return
	}
	t.mu.Lock()
	c, why := t.contacted(id, r.from)
	if c != nil && c.restarts >= maxRestarts {
		c, why = nil, dropBusy
	}
	if c == nil {
		t.mu.Unlock()
		t.count.drop(why)
		return
	}
	c.restarts++
	c.ambiguous = true
	c.first.initiator.SetCookie(cookie)
	b, s := copyBuffer(c.first.initiator.Datagram()), c.socket
	t.mu.Unlock()
	t.restart(s, b, r.from)
}

// receiveNoSession makes a request in flight a first contact, if it is the very
// one that the peer did not understand (rule 5).
func (t *Transport) receiveNoSession(r *reader, datagram []byte) {
	id, tag, err := session.ParseNoSession(datagram)
	if err != nil {
		t.count.drop(reasonOf(err))
		return
	}
	now := t.now()
	t.mu.Lock()
	c := t.calls.tagged(r.from, id, tag)
	if c == nil || c.restarts >= maxRestarts {
		t.mu.Unlock()
		t.count.drop(dropUnsolicited)
		return
	}
	t.table.Suspect(c.live)
	t.calls.untag(c) // one NOSESSION a try
	c.restarts++
	c.ambiguous = true
	s := c.socket
	b, err := t.try(now, c, true)
	t.mu.Unlock()
	if err != nil {
		t.log.Debug("request not restarted", "to", r.from, "err", err)
		return
	}
	t.restart(s, b, r.from)
}

func (t *Transport) restart(s *socket, b *buffer, to netip.AddrPort) {
	t.count.restarts.Add(1)
	if b == nil {
		return // a worker signs it
	}
	if err := t.send(s, b, to, netip.Addr{}); err != nil {
		t.log.Debug("restart not sent", "to", to, "err", err)
	}
}
