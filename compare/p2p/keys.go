package p2p

import (
	"context"

	"github.com/ipfs/go-cid"
	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/multiformats/go-multihash"

	"kadmium/compare/side"
	"kadmium/identity"
)

// What behaviour is asked about under keys that are not the workload's.

// Address is where the node listens.
func (n *Node) Address() identity.Address { return AddressOf(n.id, n.host.Addrs()) }

// PutKey is Put under a whole key, namespace included.
func (n *Node) PutKey(ctx context.Context, key string, value []byte) (side.Result, error) {
	result, _, err := n.operate(ctx, key, func(ctx context.Context) error { return n.dht.PutValue(ctx, key, value) })
	return result, err
}

// GetKey is Get under a whole key.
func (n *Node) GetKey(ctx context.Context, key string, quorum int) (side.Result, error) {
	var value []byte
	result, _, err := n.operate(ctx, key, func(ctx context.Context) (err error) {
		value, err = n.dht.GetValue(ctx, key, dht.Quorum(quorum))
		return err
	})
	result.Value = value
	return result, err
}

// ProvideKey is Provide under a key of the caller's.
func (n *Node) ProvideKey(ctx context.Context, key multihash.Multihash) error {
	return n.dht.Provide(ctx, cid.NewCidV1(cid.Raw, key), true)
}

// ProvidersOf is Providers under a key of the caller's, with the address that came
// along with each, if one did.
func (n *Node) ProvidersOf(ctx context.Context, key multihash.Multihash) ([]identity.Address, error) {
	var found []identity.Address
	at := make(map[identity.ID]int)
	for p := range n.dht.FindProvidersAsync(ctx, cid.NewCidV1(cid.Raw, key), 0) {
		a := AddressOf(Identity(p.ID), p.Addrs)
		if i, again := at[a.ID]; again {
			found[i] = a // once more, now with its addresses
			continue
		}
		at[a.ID] = len(found)
		found = append(found, a)
	}
	return found, ctx.Err()
}
