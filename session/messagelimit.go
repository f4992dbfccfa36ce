package session

import (
	"math"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"kadmium/identity"
)

// Limits of new MESSAGEs (design R8.49). What was taken counts for less and less, by half
// after 1.4 s, so each limit is a rate of half as many a second.
const (
	MessageBurst     = 1000 // of one netgroup
	WideMessageBurst = 4000 // of one wide subnet, an IPv4 /16 or IPv6 /32
	AllMessageBurst  = 8000 // of all

	messageFade   = 2 * time.Second // until what was taken counts for 1/e
	limitedGroups = 4096            // netgroups and wide subnets remembered
)

// A MessageLimiter limits the new MESSAGEs of each netgroup, of each wide subnet and of all;
// loopback is exempt. From three quarters of the limit of all on, the others shrink, down to
// nothing at the limit: who sends little finds room beside those that flood, from however
// many subnets. Netgroups are forgotten that sent nothing for longest; a wide subnet has
// enough to be forgotten one by one (an IPv6 /32 has 65,536), and is remembered itself.
// The zero value is ready to use. Not safe for concurrent use.
type MessageLimiter struct {
	Refused uint64 // so far

	all    fading
	groups *simplelru.LRU[identity.NetGroup, *fading] // nil until needed
}

// A fading is a count that fades with time.
type fading struct {
	count float64
	last  time.Time
}

func (f *fading) fade(now time.Time) {
	if passed := now.Sub(f.last); passed > 0 {
		f.count *= math.Exp(-float64(passed) / float64(messageFade))
		f.last = now
	}
}

// Allow reports whether the peer at the address may have one more at now.
func (l *MessageLimiter) Allow(now time.Time, from identity.Address) bool {
	if from.Endpoint.Addr().Unmap().IsLoopback() {
		return true
	}
	if l.groups == nil {
		l.groups, _ = simplelru.NewLRU[identity.NetGroup, *fading](limitedGroups, nil) // fails only for sizes <= 0
	}
	l.all.fade(now)
	left := AllMessageBurst - l.all.count
	share := min(1, left/(AllMessageBurst/4))
	group := from.NetGroup()
	own, wide := l.of(group, now), &fading{}
	if group.Wide() != group {
		wide = l.of(group.Wide(), now)
	}
	if own.count+1 > MessageBurst*share || wide.count+1 > WideMessageBurst*share {
		l.Refused++
		return false
	}
	own.count++
	wide.count++
	l.all.count++
	return true
}

// of is what was taken of a netgroup or wide subnet, as it counts at now.
func (l *MessageLimiter) of(group identity.NetGroup, now time.Time) *fading {
	taken, ok := l.groups.Get(group)
	if !ok {
		taken = &fading{last: now}
		l.groups.Add(group, taken)
	}
	taken.fade(now)
	return taken
}
