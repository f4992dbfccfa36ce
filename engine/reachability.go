package engine

import (
	"time"

	"kadmium/identity"
)

// A reachability is the state of dial backs, those asked for and those sent.
type reachability struct {
	asked       identity.Contact // the peer asked for a dial back
	until       time.Time        // its dial back counts until then
	tries       int
	dialed      map[identity.ID]bool // peers dialed back since minute
	minute      time.Time
	dialShares  map[identity.NetGroup]int // of dialed, by netgroup
	dialRefused uint64                    // dial backs asked for and not sent, since the start: too many in their minute
	notBefore   time.Time                 // when a dial back may be asked for again
	clients     []identity.Contact        // that answered, or asked under a session, while no server answers

	// Of a server in mode auto.
	check     *recheck  // under way; nil: none
	checked   time.Time // when the last one ended, or the node became a server
	nextCheck time.Time
	recent    *recentIPs // nil: none yet
}
