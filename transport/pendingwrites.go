package transport

import (
	"net/netip"
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// A first contact carries only reads (wire.md rule 1). A write to a peer without a
// session therefore waits: the transport sends the peer a PING as first contact, and
// the write goes under the session that the PING has made.

// An opening is a PING that makes a session, and the writes that wait for it.
type opening struct {
	ping    *outstandingRequest
	waiting []uint64 // IDs of the writes, in order
}

// openSession makes a write wait for a session, and returns the datagram of the PING's
// next try: nil without an error if a worker will send that. The transport is locked.
func (t *Transport) openSession(now time.Time, req *outstandingRequest) (*buffer, error) {
	o := t.outstanding.openings[req.to]
	if o == nil {
		id, err := t.randomID()
		if err != nil {
			return nil, err
		}
		ping, err := t.outstanding.add(&Request{To: req.to, ID: id, Type: rpc.Ping, Serves: t.serves()}, req.socket)
		if err != nil {
			return nil, err
		}
		ping.opensSession = true
		o = &opening{ping: ping}
		t.outstanding.openings[req.to] = o
	}
	if !req.pendingWrite {
		if t.outstanding.pendingWrites >= t.limits.pendingWrites {
			t.outstanding.endUnused(req.to)
			return nil, ErrBusy
		}
		t.outstanding.await(o, req)
	}
	return t.firstContact(now, o.ping)
}

// await makes a write wait for an opening.
func (x *outstanding) await(o *opening, req *outstandingRequest) {
	req.pendingWrite = true
	x.pendingWrites++
	o.waiting = append(o.waiting, req.id)
}

// stopAwaiting is called when a write waits no more: it is over, or was sent under a
// session that came about otherwise.
func (x *outstanding) stopAwaiting(req *outstandingRequest) {
	req.pendingWrite = false
	x.pendingWrites--
	o := x.openings[req.to]
	if o == nil {
		return
	}
	if i := slices.Index(o.waiting, req.id); i >= 0 {
		o.waiting = slices.Delete(o.waiting, i, i+1)
	}
	x.endUnused(req.to)
}

// endUnused ends the opening with a peer if no write waits for it.
func (x *outstanding) endUnused(a identity.Address) {
	if o := x.openings[a]; len(o.waiting) == 0 {
		delete(x.openings, a)
		x.remove(o.ping)
	}
}

// takeWaiting ends the opening with a peer, since there is now a session, and returns
// the IDs of the writes that waited for it.
func (x *outstanding) takeWaiting(a identity.Address) []uint64 {
	o := x.openings[a]
	if o == nil {
		return nil
	}
	delete(x.openings, a)
	if x.byID[o.ping.id] == o.ping {
		x.remove(o.ping)
	}
	for _, id := range o.waiting {
		x.byID[id].pendingWrite = false
		x.pendingWrites--
	}
	return o.waiting
}

// sendPendingWrite sends a write that waited for a session.
func (t *Transport) sendPendingWrite(now time.Time, id uint64) {
	t.mu.Lock()
	req, ok := t.outstanding.byID[id]
	if !ok {
		t.mu.Unlock()
		return
	}
	req.ambiguous = true // it took a round trip more than usual
	s, to := req.socket, req.to.Endpoint
	b, err := t.nextTry(now, req, false)
	t.mu.Unlock()
	if b != nil {
		err = t.send(s, b, to, netip.Addr{})
	}
	if err != nil {
		t.log.Debug("write not sent", "to", to, "err", err)
	}
}
