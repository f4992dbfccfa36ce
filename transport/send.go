package transport

import (
	"errors"
	"net/netip"
	"slices"
	"syscall"

	"kadmium/session"
)

// send writes a datagram, from local if that is known, and gives its buffer back.
// In a batch it only queues the datagram, and the error is always nil. Failures are
// counted and noted either way.
func (t *Transport) send(s *socket, b *buffer, to netip.AddrPort, local netip.Addr) error {
	if t.queue(s, b, to, local) {
		return nil
	}
	d := b.bytes()
	err := s.write(d, to, local)
	if err != nil {
		t.notSent(b, err)
	} else {
		t.count.sent(d)
	}
	putBuffer(b)
	return err
}

// sendLogged sends a datagram whose failure is like a loss, and logs that.
func (t *Transport) sendLogged(s *socket, b *buffer, to netip.AddrPort, local netip.Addr) {
	if err := t.send(s, b, to, local); err != nil {
		t.log.Debug("datagram not sent", "to", to, "err", err)
	}
}

// notSent counts a datagram that the system refused. If it was a try of a request, and not
// for want of a route, the request is marked (design R3.19).
func (t *Transport) notSent(b *buffer, err error) {
	t.count.drop(dropSend)
	if b.request == 0 || isOneOf(err, noRoute) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.outstanding.refused(b.request)
}

// Refused reports whether the system refused to send a try of an outstanding request:
// then silence says nothing about the peer.
func (t *Transport) Refused(id uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	req, ok := t.outstanding.byID[id]
	return ok && req.refused
}

var (
	// neverSent are the errors of a datagram that the system would refuse again: it is too
	// large, or the socket cannot reach such an address at all.
	neverSent = []error{syscall.EMSGSIZE, syscall.EINVAL, syscall.EAFNOSUPPORT, syscall.EACCES}
	// noRoute are the errors of a destination that this host has no way to. If that is the
	// host's fault, nothing else is heard either.
	noRoute = []error{syscall.ENETUNREACH, syscall.EHOSTUNREACH}
)

func isOneOf(err error, of []error) bool {
	return slices.ContainsFunc(of, func(e error) bool { return errors.Is(err, e) })
}

// flags is the byte of flags of a datagram (wire.md, section 1).
func flags(serves bool) uint8 {
	if serves {
		return session.FlagServes
	}
	return 0
}
