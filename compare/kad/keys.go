package kad

import (
	"context"

	"github.com/multiformats/go-multihash"

	"kadmium"
	"kadmium/compare/side"
	"kadmium/identity"
)

// Operations with keys of any form, for cases of behaviour.

// Address is where the node listens.
func (n *Node) Address() identity.Address { return n.node.Addresses()[0] }

// PutKey is Put with a whole key, including the namespace.
func (n *Node) PutKey(ctx context.Context, key string, value []byte) (side.Result, error) {
	return n.PutAs(ctx, key, value, kadmium.PutOptions{})
}

// PutAs is PutKey with options.
func (n *Node) PutAs(ctx context.Context, key string, value []byte, opts kadmium.PutOptions) (side.Result, error) {
	m := n.measure()
	stored, err := n.node.Put(ctx, key, value, opts)
	return m.result(stored.Lookup, stored.Holders), err
}

// GetKey is Get with a whole key.
func (n *Node) GetKey(ctx context.Context, key string, quorum int) (side.Result, error) {
	if quorum == 0 {
		quorum = n.k + 1
	}
	m := n.measure()
	value, err := n.node.Get(ctx, key, kadmium.GetOptions{Quorum: quorum})
	r := m.result(value.Lookup, 0)
	r.Value = value.Value
	return r, err
}

// ProvideKey is Provide with a key instead of a name.
func (n *Node) ProvideKey(ctx context.Context, key multihash.Multihash) error {
	_, err := n.node.Provide(ctx, string(key))
	return err
}

// ProvidersOf is Providers with a key instead of a name. It returns the addresses too.
func (n *Node) ProvidersOf(ctx context.Context, key multihash.Multihash) ([]identity.Address, error) {
	var found []identity.Address
	for p, err := range n.node.Providers(ctx, string(key), kadmium.ProvidersOptions{}) {
		if err != nil {
			return found, err
		}
		found = append(found, p.Address)
	}
	return found, nil
}

// HoldsProviders reports whether the node itself holds a provider entry, of any key.
func (n *Node) HoldsProviders(context.Context, multihash.Multihash) (bool, error) {
	return n.node.Stats().Providers > 0, nil
}
