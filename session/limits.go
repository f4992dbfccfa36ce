package session

import (
	"net/netip"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"kadmium/identity"
)

// Limits by address and by session (wire.md, section 6, rules 5 and 8). Loopback is exempt from all: the nodes
// of one machine use it, and others cannot.
const (
	FirstContactRate  = 50  // first requests a second that one host may send us
	FirstContactBurst = 200 // of them at once
	NoSessionRate     = 5   // NOSESSIONs a second to one host
	NoSessionBurst    = 20
	ReadRate          = 500 // reads a second that we answer under one session
	ReadBurst         = 1000

	limitedHosts = 4096 // hosts remembered by each limiter (design R8.27), about 150 bytes each
)

// A tokenBucket holds tokens that come back at a rate.
type tokenBucket struct {
	tokens float32
	last   int64 // Unix nanoseconds
}

// take takes one token if there is one.
func (b *tokenBucket) take(now int64, rate, burst float64) bool {
	have := float64(b.tokens)
	if now > b.last {
		have = min(burst, have+float64(now-b.last)*rate/float64(time.Second))
	}
	b.last = now
	b.tokens = float32(have)
	if have < 1 {
		return false
	}
	b.tokens--
	return true
}

// AllowRead reports whether one more read from the address may be answered under the session
// at now.
func (s *Session) AllowRead(now time.Time, from netip.Addr) bool {
	if from.Unmap().IsLoopback() {
		return true
	}
	if s.reads.last == 0 {
		s.reads = tokenBucket{tokens: ReadBurst, last: now.UnixNano()}
	}
	return s.reads.take(now.UnixNano(), ReadRate, ReadBurst)
}

// A HostLimiter is a token bucket for each host (an IPv4 address, or an IPv6 /64),
// bounded: the hosts that were not heard for longest are forgotten. Not safe for
// concurrent use.
type HostLimiter struct {
	rate, burst float64
	hosts       *simplelru.LRU[netip.Prefix, *tokenBucket] // nil until needed
}

// NewHostLimiter lets each host have burst at once, and rate a second.
func NewHostLimiter(rate, burst float64) *HostLimiter {
	return &HostLimiter{rate: rate, burst: burst}
}

// Allow reports whether the host of the address may have one more at now.
func (l *HostLimiter) Allow(now time.Time, ip netip.Addr) bool {
	if ip.Unmap().IsLoopback() {
		return true
	}
	if l.hosts == nil {
		l.hosts, _ = simplelru.NewLRU[netip.Prefix, *tokenBucket](limitedHosts, nil) // fails only for sizes <= 0
	}
	host := identity.Host(ip)
	b, ok := l.hosts.Get(host)
	if !ok {
		b = &tokenBucket{tokens: float32(l.burst), last: now.UnixNano()}
		l.hosts.Add(host, b)
	}
	return b.take(now.UnixNano(), l.rate, l.burst)
}
