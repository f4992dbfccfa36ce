package behaviour

import (
	"context"
	"fmt"

	"github.com/multiformats/go-multihash"

	"kadmium/compare/kad"
	"kadmium/compare/p2p"
	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

// A keyed node is a node of either side as cases of values need it.
type keyed interface {
	side.Node
	Address() identity.Address
	PutKey(ctx context.Context, key string, value []byte) (side.Result, error)
	GetKey(ctx context.Context, key string, quorum int) (side.Result, error)
	ProvideKey(ctx context.Context, key multihash.Multihash) error
	ProvidersOf(ctx context.Context, key multihash.Multihash) ([]identity.Address, error)
	HoldsProviders(ctx context.Context, key multihash.Multihash) (bool, error)
}

var _, _ keyed = (*p2p.Node)(nil), (*kad.Node)(nil)

// stranger makes a hand-made peer that is in no table.
func (s *Stage) stranger() (side.Raw, error) {
	return s.raw(func() side.Reply { return side.Reply{} })
}

// raw makes a hand-made peer with these answers.
func (s *Stage) raw(answer func() side.Reply) (side.Raw, error) {
	var r side.Raw
	var err error
	if s.Network != nil {
		r, err = p2p.NewRaw(s.Spec(), answer)
	} else {
		r, err = kad.NewRaw(s.Spec(), answer)
	}
	if err == nil {
		s.raws = append(s.raws, r)
	}
	return r, err
}

// newcomer makes a server that joins by a node, and waits until it knows
// somebody: libp2p's table fills after the node was made.
func (s *Stage) newcomer(by side.Node) (side.Node, error) {
	n, err := s.Join(by)
	if err != nil {
		return nil, err
	}
	return n, s.Await(func() bool { return len(n.Table()) > 0 })
}

// asker makes a client: it asks, but is in nobody's table and holds nothing for
// others. It waits until the client knows somebody.
func (s *Stage) asker(by side.Node) (side.Node, error) {
	spec := s.Spec(by)
	spec.Client = true
	n, err := s.Make(spec)
	if err != nil {
		return nil, err
	}
	return n, s.Await(func() bool { return len(n.Table()) > 0 })
}

// judging makes n converged servers, each with a validator of its own.
func (s *Stage) judging(n int) ([]side.Node, []*world.Sequenced, error) {
	var nodes []side.Node
	var validators []*world.Sequenced
	for range n {
		spec := s.Spec(nodes[:min(1, len(nodes))]...)
		spec.Validator = new(world.Sequenced)
		node, err := s.Make(spec)
		if err != nil {
			return nil, nil, err
		}
		nodes, validators = append(nodes, node), append(validators, spec.Validator)
	}
	return nodes, validators, s.Converge(nodes)
}

// nameNearest is a name of the workload's namespace whose key is nearer to the host
// than to all of the others.
func nameNearest(host identity.ID, others []identity.ID) string {
	all := append([]identity.ID{host}, others...)
	for i := 0; ; i++ {
		name := fmt.Sprintf("value %d", i)
		if world.Nearest(all, []byte(side.Key(name)), 1, identity.ID{})[0] == host {
			return name
		}
	}
}
