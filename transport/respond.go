package transport

import (
	"net/netip"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/session"
)

// A firstReply is a first contact that waits for its answer.
type firstReply struct {
	responder *session.Responder
	made      bool // by the locked transport
}

// receiveFirstRequest makes the cheap checks of a first contact (rule 8): what it
// is, whether it is a retry, whether its host may have one more, whether a cookie
// must prove the address first. The signature is a worker's.
func (t *Transport) receiveFirstRequest(r *reader, datagram []byte) {
	f, err := t.endpoint.ParseFirstRequest(datagram)
	if err != nil {
		t.count.drop(reasonOfFirst(err, &f))
		return
	}
	now := t.now()
	key := f.Key(r.from)
	loaded := t.workers.waiting() >= t.limits.CookieAbove

	t.mu.Lock()
	verdict := t.gate.Admit(now, r.from, f.Cookie, loaded)
	state, stored := t.table.Asked(now, key)
	var b *buffer
	why := kept
	switch {
	case verdict == session.Drop:
		why = dropLimit
	case verdict == session.BadCookie:
		why = dropCookie
	case state == session.Working:
		why = dropBusy
	case verdict == session.DrawCookie: // also to a retry: its stored reply is three times as long
		b = getBuffer()
		b.size = len(session.AppendCookie(b.data[:0], t.endpoint.Network(), f.ID, t.gate.Cookie(now, r.from)))
	case state == session.Answered:
		b = copyBuffer(stored)
	}
	t.mu.Unlock()

	switch {
	case why != kept:
		t.count.drop(why)
	case b != nil:
		t.answer(r.socket, b, r.from, r.local)
	default:
		copied, s, from, local := copyBuffer(datagram), r.socket, r.from, r.local
		if !t.workers.do(func() { t.verify(s, copied, from, local) }) {
			putBuffer(copied)
			t.count.drop(dropQueue)
		}
	}
}

// verify checks a first contact's signature, on a worker, and hands it to the
// handler.
func (t *Transport) verify(s *socket, b *buffer, from netip.AddrPort, local netip.Addr) {
	defer putBuffer(b)
	f, err := t.endpoint.ParseFirstRequest(b.bytes())
	if err != nil {
		t.count.drop(reasonOfFirst(err, &f))
		return
	}
	responder, err := t.endpoint.Verify(&f, from)
	if err != nil {
		t.count.drop(reasonOf(err))
		return
	}
	now := t.now()
	t.mu.Lock()
	fresh := !t.closed && t.table.Claim(now, responder)
	t.sweepLater()
	t.mu.Unlock()
	if !fresh {
		t.count.drop(dropBusy)
		return
	}
	t.handler(&Inbound{
		From: identity.Address{ID: f.From, Endpoint: from}, ID: f.ID, Type: rpc.Type(f.Type),
		Serves: f.Flags&session.FlagServes != 0, First: true, Room: responder.Room(), Body: f.Body,
		Reply: ReplyTo{
			first: &firstReply{responder: responder}, socket: s, to: from, local: local,
			id: f.ID, rpc: rpc.Type(f.Type), room: responder.Room(),
		},
	})
}

// replyFirst has a worker sign the answer to a first contact.
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
	if !t.workers.own(func() { t.signReply(to, flags(serves), body) }) {
		return ErrBusy
	}
	return nil
}

// signReply signs and sends the answer to a first contact, on a worker.
func (t *Transport) signReply(to ReplyTo, flags uint8, body []byte) {
	now := t.now()
	reply, s, err := to.first.responder.Answer(now, flags, body)
	if err != nil {
		t.count.drop(reasonOf(err))
		return
	}
	t.mu.Lock()
	closed := t.closed
	if !closed {
		t.table.AddAnswered(now, to.first.responder, s, reply)
	}
	t.mu.Unlock()
	if !closed {
		t.answer(to.socket, copyBuffer(reply), to.to, to.local)
	}
}

// answer sends what a datagram has caused; if that fails it is as good as lost.
func (t *Transport) answer(s *socket, b *buffer, to netip.AddrPort, local netip.Addr) {
	if err := t.send(s, b, to, local); err != nil {
		t.log.Debug("answer not sent", "to", to, "err", err)
	}
}

// sweepLater has sessions that were never confirmed dropped after their life also
// if nobody else comes. The transport is locked.
func (t *Transport) sweepLater() {
	if t.sweepStop != nil || t.closed {
		return
	}
	t.sweepStop = t.after(session.HalfOpenLife, func() {
		now := t.now()
		t.mu.Lock()
		defer t.mu.Unlock()
		t.sweepStop = nil
		if t.closed {
			return
		}
		t.table.Expire(now, true)
		if t.table.Unconfirmed() {
			t.sweepLater()
		}
	})
}
