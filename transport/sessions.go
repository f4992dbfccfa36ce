package transport

import (
	"context"
	"log/slog"

	"kadmium/identity"
	"kadmium/session"
)

// Rekey ends the use of all sessions: the next request to each peer is a first
// contact again, with fresh keys. What is under way still arrives (design R3.11).
func (t *Transport) Rekey() {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.table.Rekey(now)
}

// Sessions are the peers with a session in use, each where it was last proven to be, the
// most recently used session first.
func (t *Transport) Sessions() []identity.Address {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	var peers []identity.Address
	for _, s := range t.table.InUse(now) {
		peers = append(peers, identity.Address{ID: s.Peer(), Endpoint: s.Address()})
	}
	return peers
}

// SessionWith is where a peer with a session in use was last proven to be.
func (t *Transport) SessionWith(id identity.ID) (identity.Address, bool) {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	s, ok := t.table.InUseWith(now, id)
	if !ok {
		return identity.Address{}, false
	}
	return identity.Address{ID: id, Endpoint: s.Address()}, true
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

// logSession logs, at level debug, that a session has begun or ended. The caller holds t.mu.
func (t *Transport) logSession(s *session.Session, begun bool) {
	if !t.log.Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	message := "session ended"
	if begun {
		message = "session begun"
	}
	t.log.Debug(message, "peer", s.Peer(), "at", s.Address())
}
