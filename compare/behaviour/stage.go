package behaviour

import (
	"context"
	"fmt"

	"github.com/multiformats/go-multihash"

	"kadmium"
	"kadmium/compare/kad"
	"kadmium/compare/p2p"
	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

// A Stage makes the nodes of a case on one side, and closes them after the case.
type Stage struct {
	Context context.Context // ends with the case
	Nodes   int             // the size of a network where the case does not say
	Network *p2p.Network    // nil on kadmium's side
	Clock   *kad.Clock      // of kadmium's nodes; nil on libp2p's side, whose clock cannot be set ahead

	maker side.Maker
	nodes []side.Node
	raws  []side.Raw
	made  int
}

func libp2pStage(nodes int) *Stage {
	network := p2p.NewNetwork()
	return &Stage{Nodes: nodes, Network: network, maker: network.New}
}

func kadmiumStage(nodes int) *Stage {
	clock := new(kad.Clock)
	return &Stage{Nodes: nodes, Clock: clock, maker: func(ctx context.Context, spec side.Spec) (side.Node, error) {
		return kad.Make(ctx, spec, func(c *kadmium.Config) { c.Clock = clock })
	}}
}

func (s *Stage) clear() {
	for _, n := range s.nodes {
		n.Close() // some are closed already
	}
	for _, r := range s.raws {
		r.Close()
	}
}

// Spec describes a node of the matched profile with a key of its own that joins by the
// given nodes.
func (s *Stage) Spec(bootstrap ...side.Node) side.Spec {
	s.made++
	return side.Spec{Seed: world.Host(2, s.made), Profile: side.Matched, K: 20, Alpha: 3, Bootstrap: bootstrap}
}

// Make makes the node that a spec describes.
func (s *Stage) Make(spec side.Spec) (side.Node, error) {
	n, err := s.maker(s.Context, spec)
	if err != nil {
		return nil, err
	}
	s.nodes = append(s.nodes, n)
	return n, nil
}

// Join makes a server that joins by the given nodes.
func (s *Stage) Join(bootstrap ...side.Node) (side.Node, error) { return s.Make(s.Spec(bootstrap...)) }

// Converged makes n servers, of which all others join by the first, and waits until they
// have converged.
func (s *Stage) Converged(n int) ([]side.Node, error) {
	var nodes []side.Node
	for range n {
		node, err := s.Join(nodes[:min(1, len(nodes))]...)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node)
	}
	return nodes, s.Converge(nodes)
}

// IDs are the IDs of nodes.
func IDs(nodes []side.Node) []identity.ID {
	var ids []identity.ID
	for _, n := range nodes {
		ids = append(ids, n.ID())
	}
	return ids
}

// A keyed node is a node of either side with operations on keys of any form.
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

// rawPeer makes a scripted peer that answers nothing. It is in no table.
func (s *Stage) rawPeer() (side.Raw, error) {
	return s.scriptedPeer(func() side.Reply { return side.Reply{} })
}

// scriptedPeer makes a peer that gives these answers. See side.Raw.
func (s *Stage) scriptedPeer(answer func() side.Reply) (side.Raw, error) {
	return s.scriptedPeerOf(s.Spec(), answer)
}

// scriptedPeerOf is scriptedPeer with the key of a spec.
func (s *Stage) scriptedPeerOf(spec side.Spec, answer func() side.Reply) (side.Raw, error) {
	var r side.Raw
	var err error
	if s.Network != nil {
		r, err = p2p.NewRaw(spec, answer)
	} else {
		r, err = kad.NewRaw(spec, answer)
	}
	if err == nil {
		s.raws = append(s.raws, r)
	}
	return r, err
}

// newcomer makes a server that joins by a node, and waits until it has a contact: libp2p
// fills the table only after the node was made.
func (s *Stage) newcomer(by side.Node) (side.Node, error) {
	n, err := s.Join(by)
	if err != nil {
		return nil, err
	}
	return n, s.Await(func() bool { return len(n.Table()) > 0 })
}

// client makes a client, which is in no table and holds nothing for others, and waits
// until it has a contact.
func (s *Stage) client(by side.Node) (side.Node, error) {
	spec := s.Spec(by)
	spec.Client = true
	n, err := s.Make(spec)
	if err != nil {
		return nil, err
	}
	return n, s.Await(func() bool { return len(n.Table()) > 0 })
}

// withValidators makes n converged servers, each with a validator of its own.
func (s *Stage) withValidators(n int) ([]side.Node, []*world.Sequenced, error) {
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

// nameNearest finds a name whose key is nearer to the host than to all of the others.
func nameNearest(host identity.ID, others []identity.ID) string {
	all := append([]identity.ID{host}, others...)
	for i := 0; ; i++ {
		name := fmt.Sprintf("value %d", i)
		if world.Nearest(all, []byte(side.Key(name)), 1, identity.ID{})[0] == host {
			return name
		}
	}
}

// disconnect closes the connections of a libp2p node to a peer. Kadmium has none.
func (s *Stage) disconnect(n, peer side.Node) error {
	host, ok := n.(*p2p.Node)
	if !ok {
		return nil
	}
	return s.Await(func() bool { // the node may connect again meanwhile
		conns := host.Host().Network().ConnsToPeer(p2p.PeerID(peer.ID()))
		for _, c := range conns {
			c.Close()
		}
		return len(conns) == 0
	})
}
