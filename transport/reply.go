package transport

import (
	"net/netip"

	"kadmium/rpc"
	"kadmium/session"
)

// A ReplyTo says where the reply to a request goes. It may be kept, and used once,
// also after the Handler returned.
type ReplyTo struct {
	first   *firstReply      // of a first contact, otherwise nil
	session *session.Session // the one that the request came under, otherwise nil
	socket  *socket
	to      netip.AddrPort
	local   netip.Addr // the address that was asked
	id      uint64
	rpc     rpc.Type
	room    int
}

// Source is where the request came from.
func (to ReplyTo) Source() netip.AddrPort { return to.to }

// A firstReply is a first request that waits for its answer.
type firstReply struct {
	responder *session.Responder
	made      bool // the answer; it belongs to the locked transport
}

// Reply answers a request, with one datagram. The body is copied if it is kept.
//
// An error says that nothing was sent: ErrTooLarge if the body is over the request's
// Room, ErrStale if it was answered or is forgotten, ErrBusy, ErrClosed.
func (t *Transport) Reply(to ReplyTo, serves bool, body []byte) error {
	if len(body) > to.room {
		return ErrTooLarge
	}
	if to.first != nil {
		return t.replyFirst(to, serves, body)
	}
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return ErrClosed
	}
	if to.session == nil {
		t.mu.Unlock()
		return ErrStale
	}
	b, err := sealReply(to.session, to.id, to.rpc, flags(serves), body)
	t.mu.Unlock()
	if err != nil {
		return err
	}
	t.sendLogged(to.socket, b, to.to, to.local)
	return nil
}

// sealReply is a session response. The transport is locked.
func sealReply(sess *session.Session, id uint64, r rpc.Type, flags uint8, body []byte) (*buffer, error) {
	b := getBuffer()
	d, err := sess.Seal(b.data[:0], session.KindResponse, id, uint8(r), flags, body)
	if err != nil {
		putBuffer(b)
		return nil, ErrStale // the session has sent all it may
	}
	b.size = len(d)
	return b, nil
}

// replyFirst queues the first response for a worker to sign.
func (t *Transport) replyFirst(to ReplyTo, serves bool, body []byte) error {
	t.mu.Lock()
	closed, made := t.closed, to.first.made
	to.first.made = true
	t.mu.Unlock()
	if closed {
		return ErrClosed
	}
	if made {
		return ErrStale
	}
	body = append([]byte(nil), body...)
	if !t.workers.doUrgent(func() { t.signFirstResponse(to, flags(serves), body) }) {
		return ErrBusy
	}
	return nil
}

// signFirstResponse signs and sends a first response, on a worker. Its session is
// half-open.
func (t *Transport) signFirstResponse(to ReplyTo, flags uint8, body []byte) {
	now := t.now()
	reply, sess, err := to.first.responder.Answer(now, flags, body)
	if err != nil {
		t.count.drop(reasonOf(err))
		return
	}
	t.mu.Lock()
	closed := t.closed
	if !closed {
		t.table.AddAnswered(now, to.first.responder, sess, reply)
	}
	t.mu.Unlock()
	if !closed {
		t.sendLogged(to.socket, copyBuffer(reply), to.to, to.local)
	}
}
