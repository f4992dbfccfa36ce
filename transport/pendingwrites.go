package transport

import (
	"net/netip"
	"time"

	"kadmium/rpc"
	"kadmium/session"
)

// A first contact carries only reads (wire.md rule 1). A write to a peer without a
// session therefore waits: the transport sends the peer a PING as first contact, and
// the write goes under the session that the PING has made.

// openSession makes a write wait for a session, and returns the datagram of the PING's
// next try: nil without an error if a worker will send that, or if the write can wait for
// a try that is under way. The transport is locked.
func (t *Transport) openSession(now time.Time, req *outstandingRequest) (*buffer, error) {
	o := t.outstanding.openings[req.to]
	underWay := o != nil && !req.pendingWrite // the tries of other writes repeat it, and so do further ones of this
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
	if underWay {
		return nil, nil
	}
	return t.firstContact(now, o.ping)
}

// sendPendingWrite sends a write under the session that it waited for, also if another with
// the peer is in use: for the new one this node's address is proven. If this node was
// stopped meanwhile it may be too late: the peer may have executed an earlier try, and
// forgotten that (wire.md, section 4).
func (t *Transport) sendPendingWrite(id uint64, sess *session.Session) {
	now := t.now()
	t.mu.Lock()
	req, ok := t.outstanding.byID[id]
	if !ok || now.Sub(req.tried) > rpc.MaxTryGap {
		t.mu.Unlock()
		return
	}
	req.ambiguous = true // it took a round trip more than usual
	s, to := req.socket, req.to.Endpoint
	b := t.sealTry(req, sess)
	t.mu.Unlock()
	if b != nil {
		t.sendLogged(s, b, to, netip.Addr{})
	}
}
