package transport

import (
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/session"
)

// receiveSealed opens a datagram under its session and hands it to the handler, all
// on the goroutine that read it (wire.md, section 4).
func (t *Transport) receiveSealed(r *reader, datagram []byte) {
	id, err := session.ReceiverOf(datagram)
	if err != nil {
		t.count.drop(reasonOf(err))
		return
	}
	now := t.now()
	kind := session.Kind(datagram[1])
	response := kind == session.KindResponse
	in := &r.inbound
	t.mu.Lock()
	sess, ok := t.table.Find(now, id)
	if !ok {
		t.mu.Unlock()
		t.count.drop(dropSession)
		if kind == session.KindRequest {
			t.sendNoSession(now, r, id, datagram)
		}
		return
	}
	var req *outstandingRequest
	if response {
		var why reason
		if req, why = t.outstanding.matchSealed(sess.Peer(), session.RequestIDOf(datagram), r.from); req == nil {
			t.mu.Unlock()
			t.count.drop(why)
			return
		}
	}
	opened, err := sess.Open(datagram)
	if err == nil {
		t.table.Confirm(now, sess)
	}
	if err == nil && kind == session.KindNotice {
		left := session.NoticeType(opened.Type) == session.NoticeLeave && t.table.Left(now, sess)
		t.mu.Unlock()
		t.noticed(identity.Address{ID: sess.Peer(), Endpoint: r.from}, left)
		return
	}
	if err == nil && (!rpc.Type(opened.Type).Valid() || req != nil && uint8(req.rpc) != opened.Type) {
		err = session.ErrType
	}
	if err != nil {
		t.mu.Unlock()
		t.count.drop(reasonOf(err))
		return
	}
	if req == nil && rpc.Type(opened.Type).IsRead() && !sess.AllowRead(now, r.from.Addr()) {
		t.mu.Unlock()
		t.count.drop(dropReads)
		return
	}
	*in = Inbound{
		From: identity.Address{ID: sess.Peer(), Endpoint: r.from}, ID: opened.RequestID, Type: rpc.Type(opened.Type),
		Serves: opened.Flags&session.FlagServes != 0, Left: sess.Left(), Body: opened.Body,
	}
	if req != nil {
		t.completeResponse(r, in, sess, req)
	} else {
		t.completeRequest(r, in, sess, len(datagram))
	}
	t.mu.Unlock()
	t.handler(in)
}

// sendNoSession answers a session request whose session is unknown (wire.md rule 5), unless
// the host has had its share.
func (t *Transport) sendNoSession(now time.Time, r *reader, id uint64, datagram []byte) {
	t.mu.Lock()
	allowed := t.noSessions.Allow(now, r.from.Addr())
	t.mu.Unlock()
	if !allowed {
		return
	}
	b := getBuffer()
	b.size = len(session.AppendNoSession(b.data[:0], id, session.TagOf(datagram)))
	t.sendLogged(r.socket, b, r.from, r.local)
}

// completeRequest sets what an Inbound says of a request. The transport is locked.
func (t *Transport) completeRequest(r *reader, in *Inbound, sess *session.Session, size int) {
	in.Proven = sess.ProvenAt(r.from)
	in.Room = session.SessionRoom(size, in.Proven)
	in.Reply = ReplyTo{
		session: sess, socket: r.socket, to: r.from, local: r.local, id: in.ID, rpc: in.Type, room: in.Room,
	}
}

// completeResponse sets what an Inbound says of a response, which ends its request. The
// transport is locked.
func (t *Transport) completeResponse(r *reader, in *Inbound, sess *session.Session, req *outstandingRequest) {
	if !sess.ProvenAt(r.from) {
		sess.Prove(r.from)
	}
	in.Response, in.Proven, in.Ambiguous, in.Resent = true, true, req.ambiguous, req.restarts > 0
	t.outstanding.remove(req)
}
