package transport

import (
	"net/netip"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/session"
)

// A ReplyTo says where the reply to a request goes. It may be kept, and used
// once, also after the Handler returned.
type ReplyTo struct {
	first  *firstReply      // a first contact's
	live   *session.Session // else the session the request came under
	socket *socket
	to     netip.AddrPort
	local  netip.Addr // the address that was asked
	id     uint64
	rpc    rpc.Type
	room   int
}

// Reply answers a request, with one datagram. The answer to a write is kept for
// its retries. The body is copied if it is kept.
//
// Its error says that nothing was sent: ErrTooLarge if the body is over the
// request's Room, ErrStale if it was answered or is forgotten, ErrBusy, ErrClosed.
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
	if to.live == nil || !to.rpc.IsRead() && !t.answers.finish(answerKey{to.live.Peer(), to.id}, serves, body) {
		t.mu.Unlock()
		return ErrStale
	}
	b, err := sealReply(to.live, to.id, to.rpc, flags(serves), body)
	t.mu.Unlock()
	if err != nil {
		return err
	}
	t.answer(to.socket, b, to.to, to.local)
	return nil
}

// Abandon gives up a request that nobody will answer: a retry of it, which would be
// dropped while the first copy is being worked on, then counts as new.
func (t *Transport) Abandon(to ReplyTo) {
	if to.live == nil || to.rpc.IsRead() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answers.abandon(answerKey{to.live.Peer(), to.id})
}

// sealReply is a session response. The transport is locked.
func sealReply(live *session.Session, id uint64, r rpc.Type, flags uint8, body []byte) (*buffer, error) {
	b := getBuffer()
	d, err := live.Seal(b.data[:0], session.KindResponse, id, uint8(r), flags, body)
	if err != nil {
		putBuffer(b)
		return nil, ErrStale // the session has sent all it may
	}
	b.size = len(d)
	return b, nil
}

// receiveSealed opens a datagram under its session and hands it to the handler,
// all on the goroutine that read it.
func (t *Transport) receiveSealed(r *reader, datagram []byte) {
	id, err := session.ReceiverOf(datagram)
	if err != nil {
		t.count.drop(reasonOf(err))
		return
	}
	now := t.now()
	response := session.Kind(datagram[1]) == session.KindResponse
	in := &r.inbound
	t.mu.Lock()
	live, ok := t.table.Find(now, id)
	if !ok {
		speak := !response && t.noSessions.Allow(now, r.from.Addr())
		t.mu.Unlock()
		t.count.drop(dropSession)
		if speak {
			b := getBuffer()
			b.size = len(session.AppendNoSession(b.data[:0], id, session.TagOf(datagram)))
			t.answer(r.socket, b, r.from, r.local)
		}
		return
	}
	var c *call
	if response {
		var why reason
		if c, why = t.sealedCall(live, session.RequestIDOf(datagram), r.from); c == nil {
			t.mu.Unlock()
			t.count.drop(why)
			return
		}
	}
	opened, err := live.Open(datagram)
	if err == nil {
		t.table.Opened(now, live)
	}
	if err == nil && (!rpc.Type(opened.Type).Valid() || c != nil && uint8(c.rpc) != opened.Type) {
		err = session.ErrType
	}
	if err != nil {
		t.mu.Unlock()
		t.count.drop(reasonOf(err))
		return
	}
	*in = Inbound{
		From: identity.Address{ID: live.Peer(), Endpoint: r.from}, ID: opened.RequestID, Type: rpc.Type(opened.Type),
		Serves: opened.Flags&session.FlagServes != 0, Body: opened.Body,
	}
	if c != nil {
		if !live.ProvenAt(r.from) {
			live.Prove(r.from)
		}
		in.Response, in.Proven, in.Ambiguous = true, true, c.ambiguous
		t.calls.remove(c)
	} else if !t.admit(r, in, live, len(datagram)) {
		return
	}
	t.mu.Unlock()
	t.handler(in)
}

// sealedCall is the call that a session response could belong to, and otherwise
// why it is dropped, before any cryptography. The transport is locked.
func (t *Transport) sealedCall(live *session.Session, id uint64, from netip.AddrPort) (*call, reason) {
	c := t.calls.byID[id]
	if c == nil || c.live == nil || c.to.ID != live.Peer() {
		return nil, dropUnsolicited
	}
	if c.to.Endpoint != from {
		return nil, dropAddress
	}
	return c, 0
}

// admit completes a request's Inbound. If it is a write that came before it
// unlocks the transport, gives the first answer again if there is one, and reports
// false (rule 3).
func (t *Transport) admit(r *reader, in *Inbound, live *session.Session, size int) bool {
	in.Proven = live.ProvenAt(r.from)
	in.Room = session.SessionRoom(size, in.Proven)
	in.Reply = ReplyTo{
		live: live, socket: r.socket, to: r.from, local: r.local, id: in.ID, rpc: in.Type, room: in.Room,
	}
	if in.Type.IsRead() {
		return true
	}
	known := t.answers.begin(answerKey{live.Peer(), in.ID})
	if known == nil {
		return true
	}
	var b *buffer
	if known.done && len(known.body) <= in.Room {
		b, _ = sealReply(live, in.ID, in.Type, flags(known.serves), known.body) // nil if the session is spent
	}
	t.mu.Unlock()
	if b == nil {
		t.count.drop(dropBusy)
		return false
	}
	t.answer(r.socket, b, r.from, r.local)
	return false
}
