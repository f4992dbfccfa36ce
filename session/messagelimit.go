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
	MessageBurst    = 1000 // of one netgroup
	AllMessageBurst = 8000 // of all

	messageFade   = 2 * time.Second // until what was taken counts for 1/e
	limitedGroups = 4096            // netgroups remembered
)

// A MessageLimiter limits the new MESSAGEs of each netgroup and of all; loopback is exempt.
// From three quarters of the limit of all on, that of each netgroup shrinks, down to nothing
// at the limit: who sends little finds room beside those that flood, however many these are.
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
	group := from.NetGroup()
	own, ok := l.groups.Get(group)
	if !ok {
		own = &fading{last: now}
		l.groups.Add(group, own)
	}
	own.fade(now)
	l.all.fade(now)
	left := AllMessageBurst - l.all.count
	if own.count+1 > MessageBurst*min(1, left/(AllMessageBurst/4)) {
		l.Refused++
		return false
	}
	own.count++
	l.all.count++
	return true
}
