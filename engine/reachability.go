package engine

import (
	"net/netip"
	"slices"
	"time"

	"kadmium/identity"
)

// maxViews bounds the peers of whom it is kept where they see this node.
const maxViews = 8

// A reachability is what a node knows of its own address.
type reachability struct {
	asked     identity.Contact // who was asked to dial back
	until     time.Time        // when its dial back would no longer count
	tries     int
	views     []view               // who saw this node where, newest last, at most maxViews
	dialed    map[identity.ID]bool // who was dialed back since minute
	minute    time.Time
	notBefore time.Time // no asking before
}

type view struct {
	by identity.ID
	at netip.AddrPort
}

// observed notes where a peer saw this node.
func (r *reachability) observed(by identity.ID, at netip.AddrPort) {
	i := slices.IndexFunc(r.views, func(v view) bool { return v.by == by })
	if i < 0 && len(r.views) == maxViews {
		i = 0 // the oldest of all makes room
	}
	if i >= 0 {
		r.views = slices.Delete(r.views, i, i+1)
	}
	r.views = append(r.views, view{by, at})
}

// address is where most peers see this node; the zero value if none said.
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
		if n >= most { // later words count more
			best, most = v.at, n
		}
	}
	return best
}
