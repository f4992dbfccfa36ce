package transport

import (
	"runtime"

	"kadmium/session"
)

// limits bound what other peers can make a Transport hold or do (design R8.1).
// Tests set smaller ones.
type limits struct {
	sessions      int // not half-open
	halfOpen      int // first contacts answered, their sessions not confirmed yet
	outstanding   int // this node's requests in flight
	pendingWrites int // this node's writes that wait for a session
	unverified    int // first requests that wait for a worker
	workers       int // goroutines at most
	cookieAbove   int // so many first requests that wait, or more: others draw a cookie
}

func defaultLimits() limits {
	const unverified = 256
	return limits{
		sessions:      session.DefaultLive,
		halfOpen:      session.DefaultHalfOpen,
		outstanding:   4096,
		pendingWrites: 2048, // more than the operations of a node
		unverified:    unverified,
		workers:       runtime.GOMAXPROCS(0),
		cookieAbove:   unverified / 4,
	}
}
