package transport

import (
	"net/netip"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/session"
)

// receiveFirstRequest makes the cheap checks of a first request (wire.md rule 8):
// its layout, whether it is a retry, whether its host is within its limit, whether a
// cookie must prove the address first. A worker checks the signature.
func (t *Transport) receiveFirstRequest(r *reader, datagram []byte) {
	f, err := t.endpoint.ParseFirstRequest(datagram)
	if err != nil {
		why := reasonOfFirst(err, &f)
		t.count.drop(why)
		t.strange(r, &f, datagram, why)
		return
	}
	now := t.now()
	key := f.Key(r.from)
	loaded := t.workers.unverifiedWaiting() >= t.limits.cookieAbove

	t.mu.Lock()
	verdict := t.gate.Admit(now, r.from, f.Cookie, loaded)
	state, stored := t.table.Asked(now, key)
	var b *buffer
	why := notDropped
	switch {
	case verdict == session.Drop:
		why = dropLimit
	case verdict == session.BadCookie:
		why = dropCookie
	case state == session.Working:
		why = dropBusy
	case verdict == session.DrawCookie: // also for a retry: its stored reply is three times as long
		b = getBuffer()
		b.size = len(session.AppendCookie(b.data[:0], t.endpoint.Network(), f.ID, t.gate.Cookie(now, r.from)))
	case state == session.Answered:
		b = copyBuffer(stored)
	}
	t.mu.Unlock()

	switch {
	case why != notDropped:
		t.count.drop(why)
	case b != nil:
		t.sendLogged(r.socket, b, r.from, r.local)
	default:
		copied, s, from, local := copyBuffer(datagram), r.socket, r.from, r.local
		if !t.workers.doUnverified(func() { t.verifyFirstRequest(s, copied, from, local) }) {
			putBuffer(copied)
			t.count.drop(dropQueue)
		}
	}
}

// verifyFirstRequest checks the signature of a first request, on a worker, and hands
// the request to the handler.
func (t *Transport) verifyFirstRequest(s *socket, b *buffer, from netip.AddrPort, local netip.Addr) {
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
	claimed := !t.closed && t.table.Claim(now, responder)
	t.expireLater()
	t.mu.Unlock()
	if !claimed {
		t.count.drop(dropBusy)
		return
	}
	t.handler(&Inbound{
		From: identity.Address{ID: f.From, Endpoint: from}, ID: f.ID, Type: rpc.Type(f.Type),
		Serves: f.Flags&session.FlagServes != 0, FirstContact: true, Room: responder.Room(), Body: f.Body,
		Reply: ReplyTo{
			first: &firstReply{responder: responder}, socket: s, to: from, local: local,
			id: f.ID, rpc: rpc.Type(f.Type), room: responder.Room(),
		},
	})
}
