// Package link is the one link that both sides' packets pass: it counts bytes where
// they enter and leave a host's sockets, delays them, and can be cut, the same way
// for kadmium's datagrams, libp2p's QUIC packets and libp2p's TCP streams.
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

// New is a link that holds each byte back for delay, one way, where it is sent.
func New(delay time.Duration) *Link { return &Link{delay: delay} }

// Traffic is what passed a link: payload bytes of UDP or TCP. Headers of lower
// layers and TCP's own acknowledgements are not in it.
type Traffic struct{ In, Out uint64 }

// Total is the bytes of both directions.
func (t Traffic) Total() uint64 { return t.In + t.Out }

// Since is what passed after an earlier reading.
func (t Traffic) Since(before Traffic) Traffic {
	return Traffic{In: t.In - before.In, Out: t.Out - before.Out}
}

// Traffic is what has passed so far.
func (l *Link) Traffic() Traffic { return Traffic{In: l.in.Load(), Out: l.out.Load()} }

// Overflowed counts packets dropped because too many were on their way.
func (l *Link) Overflowed() uint64 { return l.overflowed.Load() }

// Cut makes the host unreachable without a word, as a crash or a pulled cable does.
func (l *Link) Cut() { l.cut.Store(true) }

// Delay is how long a byte travels.
func (l *Link) Delay() time.Duration { return l.delay }

// Quiet is for how long nothing has passed.
func (l *Link) Quiet() time.Duration {
	return time.Since(time.Unix(0, l.lastTraffic.Load()))
}

func (l *Link) sent(n int) {
	l.out.Add(uint64(n))
	l.lastTraffic.Store(time.Now().UnixNano())
}

// received counts what was read; nothing, if reading failed, is no traffic.
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
