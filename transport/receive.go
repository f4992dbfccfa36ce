package transport

import "kadmium/session"

// drainEvery is how many reads a read loop that found no further datagram waiting
// makes before it looks again: looking costs a system call.
const drainEvery = 8

// readLoop hands every datagram of a socket to the transport until the transport is
// closed or the socket fails for good.
func (t *Transport) readLoop(s *socket) {
	defer t.loops.Done()
	r := &reader{socket: s}
	var failing readFailures
	for !t.ending.Load() { // a Conn need not fail when it is closed
		n, from, local, err := s.read(r.data[:], r.control[:])
		if err != nil && n > 0 {
			t.count.drop(dropLength) // how some systems report a datagram that was cut
			continue
		}
		if err != nil {
			if !t.readFailed(s, &failing, err) {
				return
			}
			continue
		}
		t.readSucceeded(s, &failing)
		r.from, r.local = from, local
		t.receive(r, r.data[:n])
		if s.bound.Load().batchConn == nil {
			continue
		}
		if r.readsToDrain > 0 {
			r.readsToDrain--
		} else if t.drain(r) == 0 {
			r.readsToDrain = drainEvery
		}
	}
}

// receive sorts a datagram by its kind, cheapest checks first (wire.md rule 8).
func (t *Transport) receive(r *reader, datagram []byte) {
	t.count.received(datagram)
	kind, err := session.KindOf(datagram)
	if err != nil {
		t.count.drop(reasonOf(err))
		return
	}
	switch kind {
	case session.KindRequest, session.KindResponse, session.KindNotice:
		t.receiveSealed(r, datagram)
	case session.KindFirstRequest:
		t.receiveFirstRequest(r, datagram)
	case session.KindFirstResponse:
		t.receiveFirstResponse(r, datagram)
	case session.KindCookie:
		t.receiveCookie(r, datagram)
	case session.KindNoSession:
		t.receiveNoSession(r, datagram)
	}
}
