package p2p

import (
	"context"
	"slices"

	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/peer"

	"kadmium/identity"
)

// A referrals has the depth at which a lookup first heard of each peer. libp2p has no hop
// count, but its lookup events say which peer named which first.
type referrals struct {
	hops    map[peer.ID]int
	answers []peer.ID // in the order of their answers
}

// follow runs an operation and computes the depths from its lookup events. A peer of the
// searcher's own table is at hop 1, a peer first named by one at hop h is at hop h+1, as in
// kadmium.
func follow(ctx context.Context, self peer.ID, run func(context.Context) error) (*referrals, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ctx, events := dht.RegisterForLookupEvents(ctx)
	r := &referrals{hops: make(map[peer.ID]int)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range events {
			r.note(self, e)
		}
	}()
	err := run(ctx)
	cancel()
	<-done
	return r, err
}

func (r *referrals) note(self peer.ID, e *dht.LookupEvent) {
	if e.Response == nil || e.Response.Source == nil {
		return
	}
	hop := 1
	if source := e.Response.Source.Peer; source != self {
		hop = r.hops[source] + 1
	}
	for _, p := range e.Response.Heard {
		if _, known := r.hops[p.Peer]; !known {
			r.hops[p.Peer] = hop
		}
	}
	for _, p := range e.Response.Queried {
		r.answers = append(r.answers, p.Peer)
	}
}

// of is the hop of a peer, or 0 if the lookup did not hear of it.
func (r *referrals) of(id identity.ID) int {
	if r == nil {
		return 0
	}
	return r.hops[PeerID(id)]
}

// first is the hop of the first of these peers that answered.
func (r *referrals) first(wanted []peer.ID) int {
	if r == nil {
		return 0
	}
	for _, p := range r.answers {
		if slices.Contains(wanted, p) {
			return r.hops[p]
		}
	}
	return 0
}

// nearest is the hop of the peer that is nearest to the key among those that answered, and
// so the closest that a put or a provide wrote to.
func (r *referrals) nearest(key string) int {
	if r == nil {
		return 0
	}
	target := identity.KeyPosition([]byte(key))
	var best peer.ID
	var at identity.Position
	for _, p := range r.answers {
		position := Identity(p).Position()
		if best == "" || identity.Compare(&target, &position, &at) < 0 {
			best, at = p, position
		}
	}
	return r.hops[best]
}
