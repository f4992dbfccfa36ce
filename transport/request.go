package transport

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"time"

	"kadmium/rpc"
	"kadmium/session"
)

// Request sends a request, or sends it again: the caller times the tries. Under a
// session with the peer it is sealed; else, or if Fresh, it is a first contact,
// signed on a worker, and a repeat sends identical bytes. A read's repeats carry what
// the first one did, a write's what they are given. A write without a session is kept until a PING,
// sent as first contact in its place, has made one.
//
// Its error says that nothing was or will be sent, and ends the request, which needs
// no Forget: ErrTooLarge, ErrBadRequest, ErrNoSocket, ErrTooManyFirstContacts,
// ErrBusy, ErrClosed, or the system's about an endpoint that cannot be reached.
// Loss is no error.
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
	if err := t.send(s, b, r.To.Endpoint, netip.Addr{}); err != nil {
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

// begin finds or makes the call and its next try. The transport is locked.
func (t *Transport) begin(now time.Time, r *Request, s *socket) (*buffer, error) {
	if t.closed {
		return nil, ErrClosed
	}
	c, known := t.calls.byID[r.ID]
	if known && (c.to != r.To || c.rpc != r.Type) {
		return nil, fmt.Errorf("%w: two requests with one ID", ErrBadRequest)
	}
	if !known {
		var err error
		if c, err = t.calls.add(r, s); err != nil {
			return nil, err
		}
	}
	if known && !c.rpc.IsRead() { // of a lifetime less remains than at the try before
		c.body = append(c.body[:0], r.Body...)
	}
	b, err := t.try(now, c, r.Fresh)
	if err != nil {
		t.calls.remove(c)
	}
	return b, err
}

// try is the datagram of the call's next try. It is nil without an error if a
// worker will send it. The transport is locked.
func (t *Transport) try(now time.Time, c *call, fresh bool) (*buffer, error) {
	if !fresh {
		if live, ok := t.table.ForPeer(now, c.to.ID); ok {
			b := getBuffer()
			d, err := live.Seal(b.data[:0], session.KindRequest, c.id, uint8(c.rpc), c.flags, c.body)
			if err == nil {
				b.size = len(d)
				t.calls.retag(c, live, session.TagOf(d))
				if c.waits { // another first contact with the peer was answered
					t.calls.leave(c)
				}
				return b, nil
			}
			putBuffer(b) // the session has sent all it may
		}
	}
	if c.rpc.IsRead() {
		return t.firstContact(now, c)
	}
	return t.open(now, c)
}

// open has a write wait for a session that a PING makes (rule 1).
func (t *Transport) open(now time.Time, c *call) (*buffer, error) {
	o := t.calls.opening[c.to]
	if o == nil {
		id, err := t.randomID()
		if err != nil {
			return nil, err
		}
		ping, err := t.calls.add(&Request{To: c.to, ID: id, Type: rpc.Ping, Serves: t.serves()}, c.socket)
		if err != nil {
			return nil, err
		}
		ping.opener = true
		o = &opening{ping: ping}
		t.calls.opening[c.to] = o
	}
	if !c.waits {
		if t.calls.waits >= t.limits.PendingWrites {
			t.calls.abandon(c.to)
			return nil, ErrBusy
		}
		t.calls.join(o, c)
	}
	return t.firstContact(now, o.ping)
}

func (t *Transport) randomID() (uint64, error) {
	var b [8]byte
	for {
		if _, err := io.ReadFull(t.random, b[:]); err != nil {
			return 0, fmt.Errorf("choosing a request ID: %w", err)
		}
		id := binary.BigEndian.Uint64(b[:])
		if _, taken := t.calls.byID[id]; !taken {
			return id, nil
		}
	}
}

// Forget drops a request that is over; its response, if it still comes, is
// unsolicited. Forgetting twice does nothing.
func (t *Transport) Forget(id uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c, ok := t.calls.byID[id]; ok && !c.opener {
		t.calls.remove(c)
	}
}

// send writes a datagram and gives its buffer back. That it could not be sent is
// known at once only outside of a batch; it is always counted.
func (t *Transport) send(s *socket, b *buffer, to netip.AddrPort, local netip.Addr) error {
	if t.queue(s, b, to, local) {
		return nil
	}
	d := b.bytes()
	err := s.write(d, to, local)
	if err != nil {
		t.count.drop(dropSend)
	} else {
		t.count.sent(d)
	}
	putBuffer(b)
	return err
}

// Rekey ends the use of all sessions: the next request to each peer is a first
// contact again, with fresh keys. What is under way still arrives.
func (t *Transport) Rekey() {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.table.Rekey(now)
}
