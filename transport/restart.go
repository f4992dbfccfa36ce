package transport

import (
	"net/netip"

	"kadmium/session"
)

// maxRestarts bounds how often COOKIE and NOSESSION datagrams make one request start
// again (design R8.28): each time costs a datagram.
const maxRestarts = 3

// receiveCookie sends a first contact again with the cookie it drew (wire.md,
// section 6).
func (t *Transport) receiveCookie(r *reader, datagram []byte) {
	id, cookie, err := session.ParseCookie(datagram, t.endpoint.Network())
	if err != nil {
		t.count.drop(reasonOf(err))
		return
	}
	t.mu.Lock()
	req, why := t.outstanding.matchFirst(id, r.from)
	if req != nil && req.restarts >= maxRestarts {
		req, why = nil, dropBusy
	}
	if req == nil {
		t.mu.Unlock()
		t.count.drop(why)
		return
	}
	req.restarts++
	req.ambiguous = true
	req.first.initiator.SetCookie(cookie)
	b, s := firstTry(req), req.socket
	t.mu.Unlock()
	t.restart(s, b, r.from)
}

// receiveNoSession makes a request in flight a first contact, if the NOSESSION names
// its latest try (wire.md rule 5). That is no proof, so the session is only suspect.
func (t *Transport) receiveNoSession(r *reader, datagram []byte) {
	id, tag, err := session.ParseNoSession(datagram)
	if err != nil {
		t.count.drop(reasonOf(err))
		return
	}
	now := t.now()
	t.mu.Lock()
	req := t.outstanding.matchTag(r.from, id, tag)
	if req == nil || req.underSession || req.restarts >= maxRestarts {
		t.mu.Unlock()
		t.count.drop(dropUnsolicited)
		return
	}
	t.table.Suspect(req.session)
	t.outstanding.untag(req) // one NOSESSION a try
	req.restarts++
	req.ambiguous = true
	s := req.socket
	b, err := t.nextTry(now, req, true)
	t.mu.Unlock()
	if err != nil {
		t.log.Debug("request not restarted", "to", r.from, "err", err)
		return
	}
	t.restart(s, b, r.from)
}

func (t *Transport) restart(s *socket, b *buffer, to netip.AddrPort) {
	t.count.restarts.Add(1)
	if b != nil { // otherwise a worker signs it
		t.sendLogged(s, b, to, netip.Addr{})
	}
}
