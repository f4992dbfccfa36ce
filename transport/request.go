package transport

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"time"

	"kadmium/session"
)

// Request sends a request, or sends it again: the caller times the tries.
//
//   - Under a session with the peer a try is sealed.
//   - Without one, unless UnderSession, or if FirstContact, it is a first contact, signed on a worker. All tries
//     that are one are byte-identical but for a cookie (wire.md, section 2).
//   - A read's tries carry the body of the first, a write's the body they are given.
//   - A write without a session waits for one, see pendingwrites.go.
//
// An error says that nothing was or will be sent, and ends the request, which needs
// no Forget: ErrTooLarge, ErrBadRequest, ErrNoSession, ErrNoSocket,
// ErrTooManyFirstContacts, ErrBusy, ErrClosed, or the system's about a datagram that it
// can never send.
// Loss is no error, and neither is a send that the system refuses now (design R3.19).
func (t *Transport) Request(r Request) error {
	if err := t.check(&r); err != nil {
		return err
	}
	s := route(t.sockets, r.To.Endpoint)
	if s == nil {
		return fmt.Errorf("%w: %v", ErrNoSocket, r.To.Endpoint)
	}
	now := t.now()
	t.mu.Lock()
	b, err := t.begin(now, &r, s)
	t.mu.Unlock()
	if b == nil {
		return err
	}
	if err := t.send(s, b, r.To.Endpoint, netip.Addr{}); err != nil && isOneOf(err, neverSent) {
		t.Forget(r.ID)
		return fmt.Errorf("sending to %v: %w", r.To.Endpoint, err)
	}
	return nil
}

func (t *Transport) check(r *Request) error {
	to := r.To.Endpoint
	read := r.Type.IsRead()
	switch {
	case !r.Type.Valid(), r.To.ID == t.self, r.To.ID.IsZero() && !r.Type.MayOpen(false),
		to.Port() == 0, !to.Addr().IsValid(), to.Addr().IsUnspecified(), to.Addr().IsMulticast():
		return fmt.Errorf("%w: %v to %v", ErrBadRequest, r.Type, r.To)
	case read && len(r.Body) > session.MaxFirstBody, !read && len(r.Body) > session.MaxSessionBody:
		return fmt.Errorf("%w: %v of %d bytes", ErrTooLarge, r.Type, len(r.Body))
	}
	return nil
}

// begin finds the outstanding request or makes it, and returns the datagram of its next
// try: nil without an error if a worker will send it. The transport is locked.
func (t *Transport) begin(now time.Time, r *Request, s *socket) (*buffer, error) {
	if t.closed {
		return nil, ErrClosed
	}
	req, known := t.outstanding.byID[r.ID]
	if known && (req.to != r.To || req.rpc != r.Type) {
		return nil, fmt.Errorf("%w: two requests with one ID", ErrBadRequest)
	}
	if !known {
		var err error
		if req, err = t.outstanding.add(r, s); err != nil {
			return nil, err
		}
	}
	if known && !req.rpc.IsRead() { // the lifetime it tells is shorter at each try
		req.body = append(req.body[:0], r.Body...)
	}
	req.tried = now
	b, err := t.nextTry(now, req, r.FirstContact)
	if err != nil {
		t.outstanding.remove(req)
	}
	return b, err
}

// nextTry returns the datagram of the request's next try: nil without an error if a
// worker will send it. fresh says that no session is to be used. The transport is
// locked.
func (t *Transport) nextTry(now time.Time, req *outstandingRequest, fresh bool) (*buffer, error) {
	if !fresh {
		if sess, ok := t.table.ForPeer(now, req.to.ID); ok {
			if b := t.sealTry(req, sess); b != nil {
				return b, nil
			}
		}
	}
	if req.underSession {
		return nil, ErrNoSession
	}
	if req.rpc.IsRead() {
		return t.firstContact(now, req)
	}
	return t.openSession(now, req)
}

// sealTry returns the datagram of the request's next try under a session: nil if that has
// sent all it may. The transport is locked.
func (t *Transport) sealTry(req *outstandingRequest, sess *session.Session) *buffer {
	b := getBuffer()
	d, err := sess.Seal(b.data[:0], session.KindRequest, req.id, uint8(req.rpc), req.flags, req.body)
	if err != nil {
		putBuffer(b)
		return nil
	}
	b.size, b.request = len(d), req.id
	t.outstanding.retag(req, sess, session.TagOf(d))
	if req.pendingWrite { // another first contact with the peer was answered
		t.outstanding.stopAwaiting(req)
	}
	return b
}

func (t *Transport) randomID() (uint64, error) {
	var b [8]byte
	for {
		if _, err := io.ReadFull(rand.Reader, b[:]); err != nil {
			return 0, fmt.Errorf("choosing a request ID: %w", err)
		}
		id := binary.BigEndian.Uint64(b[:])
		if _, taken := t.outstanding.byID[id]; !taken {
			return id, nil
		}
	}
}

// Forget drops a request that is over; a response that still comes is unsolicited.
// Forgetting twice does nothing.
func (t *Transport) Forget(id uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if req, ok := t.outstanding.byID[id]; ok && !req.opensSession {
		t.outstanding.remove(req)
	}
}
