package engine

import (
	"net/netip"
	"slices"
	"time"

	"kadmium/identity"
)

// maxViews bounds the peers of which the engine remembers where they saw this node.
const maxViews = 8

// A reachability is what a node knows of its own address, and the state of dial backs.
type reachability struct {
	asked     identity.Contact // the peer asked for a dial back
	until     time.Time        // its dial back counts until then
	tries     int
	views     []view               // newest last
	dialed    map[identity.ID]bool // peers dialed back since minute
	minute    time.Time
	notBefore time.Time // when a dial back may be asked for again

	// Of a server in mode auto.
	check     *recheck  // under way; nil: none
	checked   time.Time // when the last one ended, or the node became a server
	nextCheck time.Time
	recent    *recentIPs // nil: none yet
}

type view struct {
	by identity.ID
	at netip.AddrPort
}

// observed notes where a peer saw this node.
func (r *reachability) observed(by identity.ID, at netip.AddrPort) {
	i := slices.IndexFunc(r.views, func(v view) bool { return v.by == by })
	if i < 0 && len(r.views) == maxViews {
		i = 0 // replace the oldest
	}
	if i >= 0 {
		r.views = slices.Delete(r.views, i, i+1)
	}
	r.views = append(r.views, view{by, at})
}

// address is where most peers see this node. Zero: no peer has said.
func (r *reachability) address() netip.AddrPort {
	if r == nil {
		return netip.AddrPort{}
	}
	var best netip.AddrPort
	most := 0
	for _, v := range r.views {
		n := 0
		for _, w := range r.views {
			if v.at == w.at {
				n++
			}
		}
		if n >= most { // of equals the later one
			best, most = v.at, n
		}
	}
	return best
}
