package engine

import (
	"net/netip"
	"time"

	"kadmium/identity"
)

// recentFor is how long recentIPs remembers an IP at least; at most it is twice that. It
// is longer than NATs and firewalls let in answers to a datagram that went out (RFC 4787
// asks for two minutes and recommends five).
const recentFor = 5 * time.Minute

// recentIPs remembers the IPs that datagrams went to or came from a short time ago: what
// such an IP sends passes a firewall that drops what is unasked. It is of a fixed size. It
// may take an IP for a recent one that is not, with 2,000 a minute for one in ten.
type recentIPs struct {
	since         time.Time // when it began to remember
	turned        time.Time // when latest began
	latest, older ipSet
}

// An ipSet is a Bloom filter with two bits an element.
type ipSet [512]uint64

// cells are the two places of an IP in an ipSet.
func cells(ip netip.Addr) [2]uint64 {
	b := ip.As16()
	var h uint64
	for _, v := range b {
		h = (h ^ uint64(v)) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	const bits = uint64(len(ipSet{})) * 64
	return [2]uint64{h % bits, (h >> 32) % bits}
}

func (s *ipSet) has(at [2]uint64) bool {
	return s[at[0]/64]&(1<<(at[0]%64)) != 0 && s[at[1]/64]&(1<<(at[1]%64)) != 0
}

func (r *recentIPs) add(now time.Time, ip netip.Addr) {
	switch passed := now.Sub(r.turned); {
	case r.since.IsZero():
		r.since, r.turned = now, now
	case passed >= 2*recentFor:
		r.older, r.latest, r.turned = ipSet{}, ipSet{}, now
	case passed >= recentFor:
		r.older, r.latest, r.turned = r.latest, ipSet{}, now
	}
	for _, at := range cells(ip) {
		r.latest[at/64] |= 1 << (at % 64)
	}
}

// isNew reports whether nothing went to the IP or came from it for recentFor. It is false
// while r does not know.
func (r *recentIPs) isNew(now time.Time, ip netip.Addr) bool {
	if r.since.IsZero() || now.Sub(r.since) < recentFor {
		return false
	}
	at := cells(ip)
	return !r.latest.has(at) && !r.older.has(at)
}

// noteSent remembers where a request went, in a node that may have to know.
func (e *Engine) noteSent(to identity.Contact) {
	if e.provesReachability() {
		e.recentIPs().add(e.now, e.book.Address(to).Endpoint.Addr())
	}
}

// noteReceived remembers where a datagram came from. A first contact from an IP that this
// node sent nothing to shows that others can reach it.
func (e *Engine) noteReceived(in *Inbound) {
	if !e.provesReachability() {
		return
	}
	ip := e.book.Address(in.From).Endpoint.Addr()
	if check := e.reachability.check; check != nil && in.FirstContact && e.recentIPs().isNew(e.now, ip) {
		check.end(true)
	}
	e.recentIPs().add(e.now, ip)
}

func (e *Engine) recentIPs() *recentIPs {
	if e.reachability.recent == nil {
		e.reachability.recent = new(recentIPs)
	}
	return e.reachability.recent
}
