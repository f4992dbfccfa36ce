package transport

import (
	"errors"

	"kadmium/rpc"
	"kadmium/session"
)

// receive sorts a datagram by its kind, cheapest checks first (rule 8).
func (t *Transport) receive(r *reader, datagram []byte) {
	t.count.received(datagram)
	kind, err := session.KindOf(datagram)
	if err != nil {
		t.count.drop(reasonOf(err))
		return
	}
	switch kind {
	case session.KindRequest, session.KindResponse:
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

var reasons = []struct {
	err error
	why reason
}{
	{session.ErrLength, dropLength},
	{session.ErrVersion, dropVersion},
	{session.ErrKind, dropKind},
	{session.ErrNetwork, dropNetwork},
	{session.ErrDestination, dropDestination},
	{session.ErrSender, dropSender},
	{session.ErrType, dropType},
	{session.ErrSignature, dropSignature},
	{session.ErrKeyExchange, dropSignature},
	{session.ErrReplay, dropReplay},
	{session.ErrSeal, dropSeal},
}

// reasonOf is how an error of package session is counted.
func reasonOf(err error) reason {
	for _, r := range reasons {
		if errors.Is(err, r.err) {
			return r.why
		}
	}
	return dropLayout
}

// reasonOfFirst tells writes from unknown types.
func reasonOfFirst(err error, f *session.FirstRequest) reason {
	if r := rpc.Type(f.Type); errors.Is(err, session.ErrType) && r.Valid() && !r.IsRead() {
		return dropWrite
	}
	return reasonOf(err)
}
