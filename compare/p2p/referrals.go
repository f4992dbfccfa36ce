package p2p

import (
	"context"
	"slices"

	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/peer"

	"kadmium/compare/world"
	"kadmium/identity"
)

// A referrals has the depth at which a lookup first heard of each peer, and the rounds of its
// requests. libp2p counts neither, but its lookup events say which peer named which first,
// and whose outcome caused a request.
type referrals struct {
	self    peer.ID
	hops    map[peer.ID]int
	answers []peer.ID // in the order of their answers
	failed  []peer.ID
	round   map[peer.ID]int // of the request to a peer
	longest int             // the highest round
}

// follow runs an operation and computes the depths from its lookup events. A peer of the
// searcher's own table is at hop 1, a peer first named by one at hop h is at hop h+1, as in
// kadmium.
func follow(ctx context.Context, self peer.ID, run func(context.Context) error) (*referrals, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ctx, events := dht.RegisterForLookupEvents(ctx)
	r := &referrals{self: self, hops: make(map[peer.ID]int), round: make(map[peer.ID]int)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range events {
			r.note(e)
		}
	}()
	err := run(ctx)
	cancel()
	<-done
	return r, err
}

func (r *referrals) note(e *dht.LookupEvent) {
	if e.Request != nil && e.Request.Cause != nil {
		for _, p := range e.Request.Waiting {
			// As in kadmium: one more than that of the request whose outcome caused it.
			r.round[p.Peer] = r.round[e.Request.Cause.Peer] + 1
			r.longest = max(r.longest, r.round[p.Peer])
		}
	}
	if e.Response == nil || e.Response.Source == nil {
		return
	}
	hop := 1
	if source := e.Response.Source.Peer; source != r.self {
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
	for _, p := range e.Response.Unreachable {
		r.failed = append(r.failed, p.Peer)
	}
}

// rounds is the length of the longest chain of requests that waited for one another, of a
// lookup of the k nearest to a key. Once libp2p's lookup is over and its last answer is
// there, it asks those of the k nearest that have not answered it (query.go,
// runLookupWithFollowup): no event tells of that, and it is a round of its own.
func (r *referrals) rounds(key string, k int) int {
	if r == nil {
		return 0
	}
	var heard []identity.ID
	for p := range r.hops {
		if p != r.self && !slices.Contains(r.failed, p) {
			heard = append(heard, Identity(p))
		}
	}
	for _, id := range world.Nearest(heard, []byte(key), k, identity.ID{}) {
		if !slices.Contains(r.answers, PeerID(id)) {
			return r.longest + 1
		}
	}
	return r.longest
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
