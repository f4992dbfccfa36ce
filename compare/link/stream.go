package link

import (
	"errors"
	"io"
	"net"

	manet "github.com/multiformats/go-multiaddr/net"
)

// A Stream is a TCP connection on a link.
type Stream struct {
	manet.Conn
	link  *Link
	queue *queue // nil without a delay
}

// Carry puts an open TCP connection on the link.
func (l *Link) Carry(conn manet.Conn) *Stream {
	s := &Stream{Conn: conn, link: l}
	if l.delay > 0 {
		s.queue = newQueue(l.delay)
	}
	return s
}

// Read is like that of net.Conn. On a cut link it reads nothing.
func (s *Stream) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	for s.link.cut.Load() && err == nil {
		n, err = s.Conn.Read(b)
	}
	s.link.received(n)
	return n, err
}

// Write is like that of net.Conn.
func (s *Stream) Write(b []byte) (int, error) {
	if s.link.cut.Load() {
		return len(b), nil
	}
	if s.queue == nil {
		s.link.sent(len(b))
		return s.Conn.Write(b)
	}
	held := append([]byte(nil), b...)
	if err := s.queue.add(func() { s.Conn.Write(held) }); err != nil {
		if errors.Is(err, errOverflow) {
			s.link.overflowed.Add(1)
		}
		return 0, err
	}
	s.link.sent(len(b))
	return len(b), nil
}

// Close closes the connection after the delayed bytes have been sent.
func (s *Stream) Close() error {
	if s.queue == nil {
		return s.Conn.Close()
	}
	return s.queue.end(s.Conn.Close)
}

var (
	_ net.Conn  = (*Stream)(nil)
	_ io.Closer = (*Packets)(nil)
)
