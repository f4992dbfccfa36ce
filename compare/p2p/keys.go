package p2p

import (
	"context"
	"net/netip"

	"github.com/ipfs/go-cid"
	dht "github.com/libp2p/go-libp2p-kad-dht"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
	"github.com/multiformats/go-multihash"

	"kadmium/compare/side"
	"kadmium/identity"
)

// Operations with keys of any form, for cases of behaviour.

// Address is where the node listens.
func (n *Node) Address() identity.Address { return addressOf(n.id, n.host.Addrs()) }

// PutKey is Put with a whole key, including the namespace.
func (n *Node) PutKey(ctx context.Context, key string, value []byte) (side.Result, error) {
	result, _, err := n.write(ctx, key, func(ctx context.Context) error { return n.dht.PutValue(ctx, key, value) })
	return result, err
}

// GetKey is Get with a whole key.
func (n *Node) GetKey(ctx context.Context, key string, quorum int) (side.Result, error) {
	var value []byte
	result, _, err := n.operate(ctx, key, func(ctx context.Context) (err error) {
		value, err = n.dht.GetValue(ctx, key, dht.Quorum(quorum))
		return err
	})
	result.Value = value
	return result, err
}

// ProvideKey is Provide with a key instead of a name.
func (n *Node) ProvideKey(ctx context.Context, key multihash.Multihash) error {
	return n.dht.Provide(ctx, cid.NewCidV1(cid.Raw, key), true)
}

// ProvidersOf is Providers with a key instead of a name. It returns each address of a
// provider, or one without an endpoint if there was none.
func (n *Node) ProvidersOf(ctx context.Context, key multihash.Multihash) ([]identity.Address, error) {
	var found []identity.Address
	for p := range n.dht.FindProvidersAsync(ctx, cid.NewCidV1(cid.Raw, key), 0) {
		id := Identity(p.ID)
		at := endpoints(p.Addrs)
		if len(at) == 0 {
			at = []netip.AddrPort{{}}
		}
		for _, endpoint := range at {
			found = append(found, identity.Address{ID: id, Endpoint: endpoint})
		}
	}
	return found, ctx.Err()
}

// HoldsProviders reports whether the node itself holds a provider entry of a key.
func (n *Node) HoldsProviders(ctx context.Context, key multihash.Multihash) (bool, error) {
	held, err := n.dht.ProviderStore().GetProviders(ctx, key)
	return len(held) > 0, err
}

// endpoints are the endpoints of the QUIC addresses.
func endpoints(at []ma.Multiaddr) []netip.AddrPort {
	var all []netip.AddrPort
	for _, a := range at {
		if _, err := a.ValueForProtocol(ma.P_QUIC_V1); err != nil {
			continue
		}
		if _, hostPort, err := manet.DialArgs(a); err == nil {
			if endpoint, err := netip.ParseAddrPort(hostPort); err == nil {
				all = append(all, endpoint)
			}
		}
	}
	return all
}

// addressOf is the first address of a peer.
func addressOf(id identity.ID, at []ma.Multiaddr) identity.Address {
	a := identity.Address{ID: id}
	if all := endpoints(at); len(all) > 0 {
		a.Endpoint = all[0]
	}
	return a
}
