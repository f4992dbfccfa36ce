package session

import (
	"net/netip"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Wire.md rule 7: an IP that never answered a first contact is sent at most so many
// in any such period.
const (
	UnansweredContacts = 10
	UnansweredPeriod   = time.Minute
)

// Unanswered bounds the first contacts this node sends to an IP that never answered
// one, so that a peer which names false contacts cannot aim this node at a victim.
// Loopback is exempt. It remembers a bounded number of IPs. The zero value is
// ready to use. Not safe for concurrent use.
type Unanswered struct {
	ips *simplelru.LRU[netip.Addr, *unansweredIP] // nil until needed
}

type unansweredIP struct {
	answered bool
	tries    [UnansweredContacts]int64 // when the last ones went, Unix nanoseconds, a ring
	oldest   int
}

// Allow reports whether one more first contact may go to the IP at now, and counts
// it if so.
func (u *Unanswered) Allow(now time.Time, ip netip.Addr) bool {
	if ip = ip.Unmap(); ip.IsLoopback() {
		return true
	}
	e := u.entry(ip)
	if e.answered {
		return true
	}
	at := now.UnixNano()
	if last := e.tries[e.oldest]; last != 0 && at-last < int64(UnansweredPeriod) {
		return false
	}
	e.tries[e.oldest] = at
	e.oldest = (e.oldest + 1) % len(e.tries)
	return true
}

// Answered is called when a first contact to the IP was answered, authentically.
func (u *Unanswered) Answered(ip netip.Addr) {
	if ip = ip.Unmap(); !ip.IsLoopback() {
		u.entry(ip).answered = true
	}
}

func (u *Unanswered) entry(ip netip.Addr) *unansweredIP {
	if u.ips == nil {
		u.ips, _ = simplelru.NewLRU[netip.Addr, *unansweredIP](limitedHosts, nil) // fails only for sizes <= 0
	}
	e, ok := u.ips.Get(ip)
	if !ok {
		e = new(unansweredIP)
		u.ips.Add(ip, e)
	}
	return e
}
