package transport

import (
	"fmt"
	"net/netip"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/session"
)

// maxChecking bounds the responses to one request whose signature is being checked
// at one time (design R8.28).
const maxChecking = 2

// firstContact returns the datagram of the request's first contact: nil without an
// error while a worker signs it, which then sends it. Each one sent counts against what an
// IP that never answered may be sent (wire.md rule 7). The transport is locked.
func (t *Transport) firstContact(now time.Time, req *outstandingRequest) (*buffer, error) {
	if req.first != nil && req.first.initiator == nil {
		return nil, nil
	}
	if !t.unanswered.Allow(now, req.to.Endpoint.Addr()) {
		return nil, fmt.Errorf("%w: %v", ErrTooManyFirstContacts, req.to.Endpoint.Addr())
	}
	if req.first != nil {
		return firstTry(req), nil
	}
	req.first = new(firstContact)
	if !t.workers.doUrgent(func() { t.signFirstRequest(req) }) {
		req.first = nil
		return nil, ErrBusy
	}
	return nil, nil
}

// signFirstRequest makes and sends a first request, on a worker.
func (t *Transport) signFirstRequest(req *outstandingRequest) {
	now := t.now()
	t.mu.Lock()
	last := t.table.LastInitiated(now, req.to.ID)
	t.mu.Unlock()
	i, err := t.endpoint.Initiate(req.to.ID, last, uint8(req.rpc), req.flags, req.id, req.body)
	if err != nil {
		t.log.Error("first contact not made", "to", req.to, "err", err)
		return
	}
	t.mu.Lock()
	if t.closed || t.outstanding.byID[req.id] != req {
		t.mu.Unlock()
		return
	}
	req.first.initiator = i
	b := firstTry(req)
	t.mu.Unlock()
	t.sendLogged(req.socket, b, req.to.Endpoint, netip.Addr{})
}

// firstTry is the datagram of a request's first contact. The transport is locked.
func firstTry(req *outstandingRequest) *buffer {
	b := copyBuffer(req.first.initiator.Datagram())
	b.request = req.id
	return b
}

// receiveFirstResponse finds the request that a first response belongs to. A worker
// checks the signature.
func (t *Transport) receiveFirstResponse(r *reader, datagram []byte) {
	f, err := t.endpoint.ParseFirstResponse(datagram)
	if err != nil {
		t.count.drop(reasonOf(err))
		return
	}
	t.mu.Lock()
	req, why := t.outstanding.matchFirst(f.ID, r.from)
	switch {
	case req == nil:
	case !req.to.ID.IsZero() && req.to.ID != f.From || uint8(req.rpc) != f.Type:
		req, why = nil, dropUnsolicited
	case req.first.checking >= maxChecking:
		req, why = nil, dropBusy
	default:
		req.first.checking++
	}
	t.mu.Unlock()
	if req == nil {
		t.count.drop(why)
		return
	}
	b, from := copyBuffer(datagram), r.from
	if !t.workers.doUrgent(func() { t.completeFirstContact(req, b, from) }) {
		t.mu.Lock()
		req.first.checking-- // the peer's next answer may find room
		t.mu.Unlock()
		putBuffer(b)
		t.count.drop(dropQueue)
	}
}

// completeFirstContact checks a first response, on a worker, takes in the session
// that it makes, and hands the response to the handler.
func (t *Transport) completeFirstContact(req *outstandingRequest, b *buffer, from netip.AddrPort) {
	defer putBuffer(b)
	f, err := t.endpoint.ParseFirstResponse(b.bytes())
	if err != nil {
		t.count.drop(reasonOf(err))
		return
	}
	now := t.now()
	sess, err := req.first.initiator.Complete(now, &f, from)

	t.mu.Lock()
	req.first.checking--
	if err != nil || t.closed || t.outstanding.byID[req.id] != req {
		t.mu.Unlock()
		if err != nil {
			t.count.drop(dropSignature)
		} else {
			t.count.drop(dropUnsolicited)
		}
		return
	}
	t.table.AddInitiated(now, sess)
	t.expireLater()
	t.unanswered.Answered(from.Addr())
	ambiguous := req.ambiguous
	writes := t.outstanding.takeWaiting(identity.Address{ID: f.From, Endpoint: from})
	if t.outstanding.byID[req.id] == req { // it is not the opening's PING
		t.outstanding.remove(req)
	}
	t.mu.Unlock()

	for _, id := range writes {
		t.sendPendingWrite(id, sess)
	}
	if req.opensSession {
		return
	}
	t.handler(&Inbound{
		From: identity.Address{ID: f.From, Endpoint: from}, ID: f.ID, Type: rpc.Type(f.Type), Response: true,
		Serves: f.Flags&session.FlagServes != 0, Proven: true, Observed: f.Observed, Ambiguous: ambiguous, Body: f.Body,
	})
}
