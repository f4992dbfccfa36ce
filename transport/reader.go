package transport

import (
	"net/netip"

	"kadmium/session"
)

// A reader is the memory of one read loop, used again for each datagram.
type reader struct {
	socket       *socket
	from         netip.AddrPort
	local        netip.Addr
	inbound      Inbound
	readsToDrain int // reads left until the next call of drain
	control      [controlSize]byte
	data         [session.MaxDatagram + 1]byte // one byte more, to detect datagrams that are too long
}
