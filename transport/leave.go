package transport

import (
	"net/netip"
	"time"

	"kadmium/identity"
	"kadmium/session"
)

// leaveFor bounds the time that Leave takes.
const leaveFor = 500 * time.Millisecond

// Leave tells the peers of all sessions in use that this node ends: once, the most recently
// used session first, without waiting for anything (wire.md, section 5). Close is to follow.
func (t *Transport) Leave() {
	began := t.now()
	t.mu.Lock()
	sessions := t.table.InUse(began)
	t.mu.Unlock()
	for _, sess := range sessions {
		if t.now().Sub(began) > leaveFor {
			return
		}
		t.sendLeave(sess)
	}
}

func (t *Transport) sendLeave(sess *session.Session) {
	b := getBuffer()
	t.mu.Lock()
	to := sess.Address()
	d, err := sess.Seal(b.data[:0], session.KindNotice, 0, uint8(session.NoticeLeave), 0, nil)
	closed := t.closed
	t.mu.Unlock()
	s := route(t.sockets, to)
	if err != nil || closed || s == nil {
		putBuffer(b)
		return
	}
	b.size = len(d)
	t.sendLogged(s, b, to, netip.Addr{})
}

// noticed follows a notice of a peer.
func (t *Transport) noticed(from identity.Address, left bool) {
	if left {
		t.left(from)
	} else {
		t.count.drop(dropNotice)
	}
}
