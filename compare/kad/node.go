// Package kad is kadmium's side of the comparison.
package kad

import (
	"context"
	"errors"
	"net"
	"net/netip"

	"kadmium"
	"kadmium/compare/link"
	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

// network is the name of the network of these nodes.
const network = "compare"

// A Node is a kadmium node on a link.
type Node struct {
	node *kadmium.Node
	link *link.Link
	k    int
}

// New makes a node and has it join. It is a side.Maker.
func New(ctx context.Context, spec side.Spec) (side.Node, error) { return Make(ctx, spec) }

// Make is New with a result of this type, and with changes to the configuration.
func Make(ctx context.Context, spec side.Spec, more ...func(*kadmium.Config)) (*Node, error) {
	n, err := Start(spec, more...)
	if err != nil {
		return nil, err
	}
	if err := n.node.Joined(ctx); err != nil {
		return nil, errors.Join(err, n.node.Close())
	}
	return n, nil
}

// Start is Make that does not wait until the node has joined.
func Start(spec side.Spec, more ...func(*kadmium.Config)) (*Node, error) {
	n := &Node{link: link.New(spec.Delay), k: spec.K}
	if n.k == 0 {
		n.k = kadmium.DefaultK
	}
	validator := spec.Validator
	if validator == nil {
		validator = new(world.Sequenced)
	}
	cfg := kadmium.Config{
		Key:    identity.KeyFromSeed(spec.Seed),
		Listen: []string{"127.0.0.1:0"},
		ListenPacket: func(at netip.AddrPort) (net.PacketConn, error) {
			return n.link.Listen("udp4", net.UDPAddrFromAddrPort(at))
		},
		Mode:       kadmium.Server,
		Network:    network,
		K:          spec.K,
		Alpha:      spec.Alpha,
		Namespaces: map[string]kadmium.Validator{world.Namespace: validator},
	}
	if spec.Client {
		cfg.Mode = kadmium.Client
	}
	for _, b := range spec.Bootstrap {
		cfg.Bootstrap = append(cfg.Bootstrap, b.(*Node).Addresses()[0].String())
	}
	for _, change := range more {
		change(&cfg)
	}
	var err error
	if n.node, err = kadmium.New(cfg); err != nil {
		return nil, err
	}
	return n, nil
}

// Kadmium is the node of package kadmium.
func (n *Node) Kadmium() *kadmium.Node { return n.node }

// Addresses are where the node listens.
func (n *Node) Addresses() []identity.Address { return n.node.Addresses() }

// ID is the ID of the node.
func (n *Node) ID() identity.ID { return n.node.ID() }

// Link is the link of the node.
func (n *Node) Link() *link.Link { return n.link }

// Close ends the node.
func (n *Node) Close() error { return n.node.Close() }

// Table lists the peers in the routing table, nearest to the node first.
func (n *Node) Table() []identity.ID {
	var ids []identity.ID
	for _, p := range n.node.Peers() {
		if p.InTable {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// Cool ends the sessions of the node. Its next request to each peer is a first contact.
func (n *Node) Cool(context.Context) error {
	n.node.Rekey()
	return nil
}

// Closest finds the k nodes nearest to a key.
func (n *Node) Closest(ctx context.Context, key string) (side.Result, error) {
	m := n.measure()
	found, err := n.node.Closest(ctx, identity.KeyPosition([]byte(key)))
	r := m.result(found.Lookup, 0)
	for _, p := range found.Peers {
		r.Peers = append(r.Peers, p.ID)
	}
	return r, err
}

// FindPeer finds the address of a peer.
func (n *Node) FindPeer(ctx context.Context, id identity.ID) (side.Result, error) {
	m := n.measure()
	found, err := n.node.FindPeer(ctx, id)
	r := m.result(found.Lookup, 0)
	if err == nil {
		r.Peers = []identity.ID{found.Peer.ID}
	}
	return r, err
}

// Put stores a value under /seq/NAME.
func (n *Node) Put(ctx context.Context, name string, value []byte) (side.Result, error) {
	m := n.measure()
	stored, err := n.node.Put(ctx, side.Key(name), value, kadmium.PutOptions{})
	return m.result(stored.Lookup, stored.Holders), err
}

// Get finds the value under /seq/NAME.
func (n *Node) Get(ctx context.Context, name string, quorum int) (side.Result, error) {
	if quorum == 0 {
		quorum = n.k + 1 // more than there are holders: the lookup runs to its end
	}
	m := n.measure()
	value, err := n.node.Get(ctx, side.Key(name), kadmium.GetOptions{Quorum: quorum})
	r := m.result(value.Lookup, 0)
	r.Value = value.Value
	return r, err
}

// Provide announces that this node has the content of a name.
func (n *Node) Provide(ctx context.Context, name string) (side.Result, error) {
	m := n.measure()
	stored, err := n.node.Provide(ctx, string(world.ContentKey(name)))
	return m.result(stored.Lookup, stored.Holders), err
}

// Providers finds the providers of the content of a name.
func (n *Node) Providers(ctx context.Context, name string, most int) (side.Result, error) {
	m := n.measure()
	var lookup kadmium.Lookup
	var ids []identity.ID
	for p, err := range n.node.Providers(ctx, string(world.ContentKey(name)), kadmium.ProvidersOptions{Max: most, Lookup: &lookup}) {
		if err != nil {
			return m.result(lookup, 0), err
		}
		ids = append(ids, p.Peer)
	}
	r := m.result(lookup, 0)
	r.Peers = ids
	return r, nil
}

// A measurement counts the requests that the node sends from its start.
type measurement struct {
	node *Node
	sent uint64
}

func (n *Node) measure() measurement { return measurement{n, n.sent()} }

// sent is the number of requests that left the node's socket, including retransmissions and
// pings that the node sends by itself.
func (n *Node) sent() uint64 {
	out := n.node.Stats().Wire.Out
	return out["first request"].Datagrams + out["session request"].Datagrams
}

// result is the result of an operation that the given number of holders confirmed.
func (m measurement) result(l kadmium.Lookup, holders int) side.Result {
	asked := make(map[identity.ID]bool)
	for _, s := range l.Trace {
		if s.Kind == "asked" {
			asked[s.Peer] = true
		}
	}
	return side.Result{Hops: l.Hops, Rounds: l.Rounds, Suspect: !l.Suspect.IsZero(), Counts: func() side.Counts {
		return side.Counts{Asked: len(asked), Requests: int(m.node.sent() - m.sent), Holders: holders}
	}}
}
