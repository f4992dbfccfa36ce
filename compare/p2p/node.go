// Package p2p is libp2p's side of the comparison: go-libp2p-kad-dht on a host that
// speaks QUIC, or TCP.
package p2p

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p"
	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p-kad-dht/amino"
	record "github.com/libp2p/go-libp2p-record"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	quic "github.com/libp2p/go-libp2p/p2p/transport/quic"

	"kadmium/compare/link"
	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

// Prefix is a protocol prefix that keeps the hosts out of the public network.
const Prefix = protocol.ID("/compare")

// Protocol is the protocol ID of the DHT's streams.
const Protocol = Prefix + "/kad/1.0.0"

// A Node is a libp2p host with a DHT, on a link.
type Node struct {
	host   host.Host
	dht    *dht.IpfsDHT
	link   *link.Link
	id     identity.ID
	k      int
	ledger *ledger
}

// A Network is the hosts of one process, whose requests are counted in one ledger.
type Network struct{ ledger *ledger }

// NewNetwork makes a network without hosts.
func NewNetwork() *Network { return &Network{newLedger()} }

// New makes a host and has it join. It is a side.Maker.
func (w *Network) New(ctx context.Context, spec side.Spec) (side.Node, error) {
	return w.Make(ctx, spec)
}

// Make is New with a result of this type, and with more options. In both profiles the DHT
// has the protocol prefix and the namespace of the comparison, and starts as a server: with
// ModeAuto it would stay a client, as hosts on loopback are not found reachable. Everything
// else that the spec does not say is the default, so Resiliency is 3.
func (w *Network) Make(ctx context.Context, spec side.Spec, more ...dht.Option) (*Node, error) {
	n := &Node{link: link.New(spec.Delay), id: spec.Seed.ID(), k: cmp.Or(spec.K, amino.DefaultBucketSize), ledger: w.ledger}
	h, err := NewHost(spec, n.link)
	if err != nil {
		return nil, err
	}
	n.host = h
	validator := spec.Validator
	if validator == nil {
		validator = new(world.Sequenced)
	}
	options := []dht.Option{
		dht.Mode(dht.ModeServer),
		dht.ProtocolPrefix(Prefix),
		dht.Validator(record.NamespacedValidator{world.Namespace: validator}),
		dht.OnRequestHook(n.ledger.received),
	}
	if spec.Client {
		options[0] = dht.Mode(dht.ModeClient)
	}
	if spec.K > 0 {
		options = append(options, dht.BucketSize(spec.K))
	}
	if spec.Alpha > 0 {
		options = append(options, dht.Concurrency(spec.Alpha))
	}
	if spec.MaxAge > 0 {
		options = append(options, dht.MaxRecordAge(spec.MaxAge))
	}
	var seeds []peer.AddrInfo
	for _, b := range spec.Bootstrap {
		seeds = append(seeds, b.(*Node).Info())
	}
	if len(seeds) > 0 {
		options = append(options, dht.BootstrapPeers(seeds...))
	}
	if n.dht, err = dht.New(h, append(options, more...)...); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	if err := n.join(ctx, seeds); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// join connects to the bootstrap nodes, at least one of which must answer, and has the DHT
// fill its table, as the documentation tells applications to do.
func (n *Node) join(ctx context.Context, seeds []peer.AddrInfo) error {
	var failed error
	for _, s := range seeds {
		err := n.host.Connect(ctx, s)
		if err == nil {
			failed = nil
			break
		}
		failed = err
	}
	if failed != nil {
		return failed
	}
	return n.dht.Bootstrap(ctx)
}

// NewHost makes a host without a DHT, with the key of the spec, on a link. By default a host
// listens on all interfaces with TCP, QUIC, WebSocket, WebTransport and WebRTC. This one has
// one address on loopback, with the one transport of that address. In side.Defaults
// everything else is the default: relay client, identify with discovery of own addresses,
// ping, AutoNAT v1, the resource and the connection manager, Prometheus metrics.
func NewHost(spec side.Spec, l *link.Link) (host.Host, error) {
	key, err := privateKey(spec.Seed)
	if err != nil {
		return nil, err
	}
	options := []libp2p.Option{libp2p.Identity(key)}
	metrics := spec.Profile == side.Defaults
	if spec.Profile != side.Defaults {
		// Not needed by a DHT, and without a counterpart in kadmium.
		options = append(options, libp2p.DisableRelay(), libp2p.DisableMetrics(), libp2p.DisableIdentifyAddressDiscovery())
		// By default a host admits a number of connections that follows from the machine's
		// memory, and with 300 nodes the first ones refuse. It counts them, but has no limit.
		unlimited, err := rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(rcmgr.InfiniteLimits), rcmgr.WithMetricsDisabled())
		if err != nil {
			return nil, err
		}
		options = append(options, libp2p.ResourceManager(unlimited))
	}
	if spec.TCP {
		options = append(options, libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.Transport(tcpOn(l)))
	} else {
		options = append(options, libp2p.ListenAddrStrings("/ip4/127.0.0.1/udp/0/quic-v1"), libp2p.Transport(quic.NewTransport), libp2p.QUICReuse(socketsOn(l, metrics)))
	}
	return libp2p.New(options...)
}

func privateKey(seed world.Seed) (crypto.PrivKey, error) {
	key, err := crypto.UnmarshalEd25519PrivateKey(ed25519Key(seed))
	if err != nil {
		return nil, fmt.Errorf("making a host's key: %w", err)
	}
	return key, nil
}

// PeerID is a peer ID in libp2p's type.
func PeerID(id identity.ID) peer.ID {
	b := id.Bytes()
	return peer.ID(b[:])
}

// Identity is a peer ID in kadmium's type.
func Identity(p peer.ID) identity.ID {
	id, err := identity.IDFromBytes([]byte(p))
	if err != nil {
		return identity.ID{}
	}
	return id
}

func identities(peers []peer.ID) []identity.ID {
	ids := make([]identity.ID, 0, len(peers))
	for _, p := range peers {
		ids = append(ids, Identity(p))
	}
	return ids
}

// Info is the ID and the addresses of the host.
func (n *Node) Info() peer.AddrInfo { return peer.AddrInfo{ID: n.host.ID(), Addrs: n.host.Addrs()} }

// Host is the libp2p host.
func (n *Node) Host() host.Host { return n.host }

// DHT is the libp2p DHT.
func (n *Node) DHT() *dht.IpfsDHT { return n.dht }

// ID is the ID of the node.
func (n *Node) ID() identity.ID { return n.id }

// Link is the link of the node.
func (n *Node) Link() *link.Link { return n.link }

// Close closes the DHT, then the host, which tells its peers.
func (n *Node) Close() error { return errors.Join(n.dht.Close(), n.host.Close()) }

// Table lists the peers in the routing table.
func (n *Node) Table() []identity.ID { return identities(n.dht.RoutingTable().ListPeers()) }

// coolWithin is how long closing all connections may take.
const coolWithin = 10 * time.Second

// Cool closes connections of the host until none is left. It keeps the routing table and
// the known addresses.
func (n *Node) Cool(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, coolWithin)
	defer cancel()
	for len(n.host.Network().Conns()) > 0 {
		for _, p := range n.host.Network().Peers() { // in a loop: a peer may have dialled meanwhile
			if err := n.host.Network().ClosePeer(p); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// content is the CID of a name. Its multihash is the key on both sides.
func content(name string) cid.Cid { return cid.NewCidV1(cid.Raw, world.ContentKey(name)) }

// distinct removes repeats, and keeps the order.
func distinct(ids []identity.ID) []identity.ID {
	var out []identity.ID
	for _, id := range ids {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}
