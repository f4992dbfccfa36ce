// Package link is the network link of the hosts of both sides. It counts bytes where they
// enter and leave the sockets of a host, delays them, and can be cut. It treats kadmium's
// datagrams, libp2p's QUIC packets and libp2p's TCP streams alike.
package link

import (
	"net"
	"sync/atomic"
	"time"
)

// A Link is one host's attachment to the network. All methods are safe for
// concurrent use.
type Link struct {
	delay       time.Duration
	cut         atomic.Bool
	in, out     atomic.Uint64
	overflowed  atomic.Uint64
	lastTraffic atomic.Int64 // when bytes last passed, in ns since the epoch
}

// New makes a link that delays each byte, one way, at the sender.
func New(delay time.Duration) *Link { return &Link{delay: delay} }

// Traffic counts the payload bytes of UDP or TCP on a link, without headers of lower layers
// and without TCP's acknowledgements.
type Traffic struct{ In, Out uint64 }

// Total is the number of bytes in both directions.
func (t Traffic) Total() uint64 { return t.In + t.Out }

// Since is the traffic after an earlier reading.
func (t Traffic) Since(before Traffic) Traffic {
	return Traffic{In: t.In - before.In, Out: t.Out - before.Out}
}

// Traffic is the traffic so far.
func (l *Link) Traffic() Traffic { return Traffic{In: l.in.Load(), Out: l.out.Load()} }

// Overflowed counts packets that were dropped because too many were delayed.
func (l *Link) Overflowed() uint64 { return l.overflowed.Load() }

// Cut makes the host unreachable, as a crash or a pulled cable does.
func (l *Link) Cut() { l.cut.Store(true) }

// Delay is the delay of the link, one way.
func (l *Link) Delay() time.Duration { return l.delay }

// Quiet is the time since the last traffic.
func (l *Link) Quiet() time.Duration {
	return time.Since(time.Unix(0, l.lastTraffic.Load()))
}

func (l *Link) sent(n int) {
	l.out.Add(uint64(n))
	l.lastTraffic.Store(time.Now().UnixNano())
}

// received counts n bytes that were read. A failed read (0) is no traffic.
func (l *Link) received(n int) {
	if n <= 0 {
		return
	}
	l.in.Add(uint64(n))
	l.lastTraffic.Store(time.Now().UnixNano())
}

// Listen opens a UDP socket on the link; network and address are as for
// net.ListenUDP.
func (l *Link) Listen(network string, address *net.UDPAddr) (*Packets, error) {
	conn, err := net.ListenUDP(network, address)
	if err != nil {
		return nil, err
	}
	return newPackets(l, conn), nil
}
