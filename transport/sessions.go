package transport

import "kadmium/session"

// Rekey ends the use of all sessions: the next request to each peer is a first
// contact again, with fresh keys. What is under way still arrives (design R3.11).
func (t *Transport) Rekey() {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.table.Rekey(now)
}

// expireLater sets a timer that drops sessions which opened no datagram within their
// life (wire.md, section 5). The table does that itself when new sessions come; the
// timer is for a node at which none do. The transport is locked.
func (t *Transport) expireLater() {
	if t.stopExpiry != nil || t.closed {
		return
	}
	t.stopExpiry = t.after(session.HalfOpenLife, func() {
		now := t.now()
		t.mu.Lock()
		defer t.mu.Unlock()
		t.stopExpiry = nil
		if t.closed {
			return
		}
		t.table.Expire(now, true)
		if t.table.Unconfirmed() {
			t.expireLater()
		}
	})
}
