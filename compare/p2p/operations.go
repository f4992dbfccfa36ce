package p2p

import (
	"context"

	dht "github.com/libp2p/go-libp2p-kad-dht"

	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

// operate runs one operation on a key and measures it. It listens to lookup events only if
// the caller wants hops: they cost time.
func (n *Node) operate(ctx context.Context, key string, run func(context.Context) error) (side.Result, *referrals, error) {
	result := side.Result{Counts: n.ledger.begin(n.host.ID(), key)}
	var r *referrals
	var err error
	if side.WantsHops(ctx) {
		r, err = follow(ctx, n.host.ID(), run)
	} else {
		err = run(ctx)
	}
	return result, r, err
}

// write is operate for a put or a provide, after which the node itself is a holder: libp2p
// keeps a copy at the writer, at any distance from the key (routing.go, PutValue and
// Provide).
func (n *Node) write(ctx context.Context, key string, run func(context.Context) error) (side.Result, *referrals, error) {
	return n.operate(ctx, key, func(ctx context.Context) error {
		err := run(ctx)
		if err == nil && n.dht.Mode() == dht.ModeServer {
			n.ledger.keeps(n.host.ID(), key)
		}
		return err
	})
}

// Closest finds the k nodes nearest to a key.
func (n *Node) Closest(ctx context.Context, key string) (side.Result, error) {
	var peers []identity.ID
	result, hops, err := n.operate(ctx, key, func(ctx context.Context) error {
		found, err := n.dht.GetClosestPeers(ctx, key)
		peers = identities(found)
		return err
	})
	if result.Peers = peers; len(peers) > 0 {
		result.Hops, result.Rounds = hops.of(peers[0]), hops.rounds(key, n.k)
	}
	return result, err
}

// FindPeer finds the addresses of a peer.
func (n *Node) FindPeer(ctx context.Context, id identity.ID) (side.Result, error) {
	var found identity.ID
	result, hops, err := n.operate(ctx, string(PeerID(id)), func(ctx context.Context) error {
		at, err := n.dht.FindPeer(ctx, PeerID(id))
		if err == nil {
			found = Identity(at.ID)
		}
		return err
	})
	if err == nil {
		result.Peers, result.Hops = []identity.ID{found}, hops.of(id)
	}
	return result, err
}

// Put stores a value under /seq/NAME.
func (n *Node) Put(ctx context.Context, name string, value []byte) (side.Result, error) {
	key := side.Key(name)
	result, hops, err := n.write(ctx, key, func(ctx context.Context) error { return n.dht.PutValue(ctx, key, value) })
	result.Hops = hops.nearest(key)
	return result, err
}

// Get finds the value under /seq/NAME.
func (n *Node) Get(ctx context.Context, name string, quorum int) (side.Result, error) {
	key := side.Key(name)
	var value []byte
	result, hops, err := n.operate(ctx, key, func(ctx context.Context) (err error) {
		value, err = n.dht.GetValue(ctx, key, dht.Quorum(quorum))
		return err
	})
	result.Value, result.Hops = value, hops.first(n.ledger.holders(key))
	return result, err
}

// Provide announces that this node has the content of a name.
func (n *Node) Provide(ctx context.Context, name string) (side.Result, error) {
	key := string(world.ContentKey(name))
	result, hops, err := n.write(ctx, key, func(ctx context.Context) error { return n.dht.Provide(ctx, content(name), true) })
	result.Hops = hops.nearest(key)
	return result, err
}

// Providers finds the providers of the content of a name.
func (n *Node) Providers(ctx context.Context, name string, most int) (side.Result, error) {
	key := string(world.ContentKey(name))
	var found []identity.ID
	result, hops, err := n.operate(ctx, key, func(ctx context.Context) error {
		for p := range n.dht.FindProvidersAsync(ctx, content(name), most) {
			found = append(found, Identity(p.ID))
		}
		return ctx.Err()
	})
	// Read the holders only now: entries are sent without waiting for an answer, and those
	// of peers that answered this search have arrived.
	result.Peers, result.Hops = distinct(found), hops.first(n.ledger.holders(key))
	return result, err
}
