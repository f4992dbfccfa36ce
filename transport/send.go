package transport

import (
	"net/netip"

	"kadmium/session"
)

// send writes a datagram, from local if that is known, and gives its buffer back.
// In a batch it only queues the datagram, and the error is always nil. Failures are
// counted either way.
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

// sendLogged sends what a datagram has caused, and logs a failure, which is like a loss.
func (t *Transport) sendLogged(s *socket, b *buffer, to netip.AddrPort, local netip.Addr) {
	if err := t.send(s, b, to, local); err != nil {
		t.log.Debug("answer not sent", "to", to, "err", err)
	}
}

// flags is the byte of flags of a datagram (wire.md, section 1).
func flags(serves bool) uint8 {
	if serves {
		return session.FlagServes
	}
	return 0
}
