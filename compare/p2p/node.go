// Package p2p is libp2p's side of the comparison: go-libp2p-kad-dht on a host that
// speaks QUIC, or TCP.
package p2p

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p"
	dht "github.com/libp2p/go-libp2p-kad-dht"
	record "github.com/libp2p/go-libp2p-record"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	quic "github.com/libp2p/go-libp2p/p2p/transport/quic"

	"kadmium/compare/link"
	"kadmium/compare/side"
	"kadmium/compare/world"
	"kadmium/identity"
)

// Prefix sets the hosts apart from the public network.
const Prefix = protocol.ID("/compare")

// Protocol is what the DHT's streams are negotiated by.
const Protocol = Prefix + "/kad/1.0.0"

// A Node is a libp2p host with a DHT, on a link.
type Node struct {
	host   host.Host
	dht    *dht.IpfsDHT
	link   *link.Link
	id     identity.ID
	ledger *ledger
}

// A Network is hosts of one process whose requests are counted together.
type Network struct{ ledger *ledger }

// NewNetwork is a network without hosts.
func NewNetwork() *Network { return &Network{newLedger()} }

// New makes a host and has it join; it is a side.Maker.
func (w *Network) New(ctx context.Context, spec side.Spec) (side.Node, error) {
	return w.Make(ctx, spec)
}

// Make is New with the type of this side, and with more options. Beside what the spec
// says, in either profile the DHT has a protocol and a namespace of the comparison, and
// serves without being found reachable first: on loopback ModeAuto would have it stay a
// client. All else is as shipped, with 3 as its Resiliency.
func (w *Network) Make(ctx context.Context, spec side.Spec, more ...dht.Option) (*Node, error) {
	n := &Node{link: link.New(spec.Delay), id: spec.Seed.ID(), ledger: w.ledger}
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

// join connects to the seeds, of which one that answers is enough, and has the DHT
// fill its table, as its documentation says an application should.
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

// NewHost makes a bare host of the spec's key on a link. As shipped it would listen on
// all interfaces with TCP, QUIC, WebSocket, WebTransport and WebRTC; here it has one
// address on loopback, and the one transport of it. All else of side.Defaults is as
// shipped: relaying as a client, identify with the discovery of own addresses, ping,
// AutoNAT's first version, the resource and the connection manager, Prometheus metrics.
func NewHost(spec side.Spec, l *link.Link) (host.Host, error) {
	key, err := privateKey(spec.Seed)
	if err != nil {
		return nil, err
	}
	options := []libp2p.Option{libp2p.Identity(key)}
	metrics := spec.Profile == side.Defaults
	if spec.Profile != side.Defaults {
		// What a DHT does not need and kadmium has no counterpart of.
		options = append(options, libp2p.DisableRelay(), libp2p.DisableMetrics(), libp2p.DisableIdentifyAddressDiscovery())
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

// PeerID is libp2p's name of a peer.
func PeerID(id identity.ID) peer.ID {
	b := id.Bytes()
	return peer.ID(b[:])
}

// Identity is kadmium's name of a peer.
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

// Info is where the host is.
func (n *Node) Info() peer.AddrInfo { return peer.AddrInfo{ID: n.host.ID(), Addrs: n.host.Addrs()} }

// Host is the host itself.
func (n *Node) Host() host.Host { return n.host }

// DHT is the DHT itself.
func (n *Node) DHT() *dht.IpfsDHT { return n.dht }

// ID is the node's.
func (n *Node) ID() identity.ID { return n.id }

// Link is the node's.
func (n *Node) Link() *link.Link { return n.link }

// Close ends the DHT, then the host, which tells its peers.
func (n *Node) Close() error { return errors.Join(n.dht.Close(), n.host.Close()) }

// Table is the peers in the routing table.
func (n *Node) Table() []identity.ID { return identities(n.dht.RoutingTable().ListPeers()) }

// coolWithin is how long closing all connections may take.
const coolWithin = 10 * time.Second

// Cool closes all connections of the host, until none is left. Its
// table and the addresses it knows stay.
func (n *Node) Cool(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, coolWithin)
	defer cancel()
	for len(n.host.Network().Conns()) > 0 {
		for _, p := range n.host.Network().Peers() { // again: a peer may have dialled meanwhile
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

// content is the CID of that name: its multihash is the key on both sides.
func content(name string) cid.Cid { return cid.NewCidV1(cid.Raw, world.ContentKey(name)) }

// distinct is without repeats, in order.
func distinct(ids []identity.ID) []identity.ID {
	var out []identity.ID
	for _, id := range ids {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}
