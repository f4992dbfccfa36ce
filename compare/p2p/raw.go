package p2p

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	pb "github.com/libp2p/go-libp2p-kad-dht/pb"
	record "github.com/libp2p/go-libp2p-record"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-msgio"
	ma "github.com/multiformats/go-multiaddr"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"kadmium/compare/link"
	"kadmium/compare/side"
	"kadmium/identity"
)

// A Raw is a scripted peer: a host without a DHT that speaks the protocol of the DHT. It is
// a side.Raw.
type Raw struct {
	host   host.Host
	id     identity.ID
	answer func() side.Reply
}

// NewRaw makes a peer with the key of the spec. Answer is called for each request. The peer
// does not announce the protocol until it enters a table.
func NewRaw(spec side.Spec, answer func() side.Reply) (*Raw, error) {
	h, err := NewHost(spec, link.New(spec.Delay))
	if err != nil {
		return nil, err
	}
	return &Raw{host: h, id: spec.Seed.ID(), answer: answer}, nil
}

// ID is the ID of the peer.
func (r *Raw) ID() identity.ID { return r.id }

// Address is where the peer listens.
func (r *Raw) Address() identity.Address { return addressOf(r.id, r.host.Addrs()) }

// Close closes the host.
func (r *Raw) Close() error { return r.host.Close() }

// infoOf is the ID and QUIC address of a peer.
func infoOf(a identity.Address) (peer.AddrInfo, error) {
	at, err := ma.NewMultiaddr(fmt.Sprintf("/ip4/%s/udp/%d/quic-v1", a.Endpoint.Addr(), a.Endpoint.Port()))
	if err != nil {
		return peer.AddrInfo{}, err
	}
	return peer.AddrInfo{ID: PeerID(a.ID), Addrs: []ma.Multiaddr{at}}, nil
}

func messagePeers(addresses ...identity.Address) ([]*pb.Message_Peer, error) {
	var infos []peer.AddrInfo
	for _, a := range addresses {
		info, err := infoOf(a)
		if err != nil {
			return nil, err
		}
		infos = append(infos, info)
	}
	return pb.RawPeerInfosToPBPeers(infos), nil
}

// serve answers the requests of one stream.
func (r *Raw) serve(s network.Stream) {
	defer s.Close()
	for {
		var q pb.Message
		if err := readMessage(s, &q); err != nil {
			return
		}
		if q.GetType() == pb.Message_ADD_PROVIDER {
			continue // has no answer
		}
		told := r.answer()
		if told.Silent {
			continue
		}
		a, err := reply(&q, told)
		if err != nil || writeMessage(s, a) != nil {
			return
		}
	}
}

// reply is the answer to a request.
func reply(q *pb.Message, told side.Reply) (*pb.Message, error) {
	a := pb.NewMessage(q.GetType(), q.GetKey(), 0)
	if told.Oversize {
		a.ProtoReflect().SetUnknown(tooMuch())
	}
	switch q.GetType() {
	case pb.Message_PUT_VALUE:
		a.Record = q.GetRecord()
	case pb.Message_GET_VALUE:
		key := told.Key
		if key == "" {
			key = string(q.GetKey())
		}
		if told.Value != nil {
			a.Record = record.MakePutRecord(key, told.Value)
		}
		fallthrough
	case pb.Message_FIND_NODE, pb.Message_GET_PROVIDERS:
		var err error
		if a.CloserPeers, err = messagePeers(told.Peers...); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// tooMuch is an unknown field, as long as a whole message may be.
func tooMuch() []byte {
	const unknown = 100
	field := protowire.AppendTag(nil, unknown, protowire.BytesType)
	return protowire.AppendBytes(field, make([]byte, network.MessageSizeMax))
}

func readMessage(s network.Stream, m *pb.Message) error {
	b, err := msgio.NewVarintReaderSize(s, network.MessageSizeMax).ReadMsg()
	if err != nil {
		return err
	}
	return proto.Unmarshal(b, m)
}

func writeMessage(s network.Stream, m *pb.Message) error {
	b, err := proto.Marshal(m)
	if err != nil {
		return err
	}
	return msgio.NewVarintWriter(s).WriteMsg(b)
}

// enterWithin bounds the wait for entering a table.
const enterWithin = 5 * time.Second

// Speak connects to the node, which sends the peer a FIND_NODE before it adds it.
func (r *Raw) Speak(ctx context.Context, n side.Node) error {
	r.host.SetStreamHandler(Protocol, r.serve)
	return r.host.Connect(ctx, n.(*Node).Info())
}

// Enter speaks to the node, and waits until it has the peer in its table.
func (r *Raw) Enter(ctx context.Context, n side.Node) error {
	ctx, cancel := context.WithTimeout(ctx, enterWithin)
	defer cancel()
	node := n.(*Node)
	if err := r.Speak(ctx, n); err != nil {
		return err
	}
	for node.dht.RoutingTable().Find(r.host.ID()) == "" {
		select {
		case <-ctx.Done():
			return fmt.Errorf("entering the table of %v: %w", n.ID(), ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// Fetch sends the node a GET_VALUE.
func (r *Raw) Fetch(ctx context.Context, n side.Node, key string) ([]byte, error) {
	s, err := r.open(ctx, n)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := writeMessage(s, pb.NewMessage(pb.Message_GET_VALUE, []byte(key), 0)); err != nil {
		return nil, err
	}
	var a pb.Message
	err = readMessage(s, &a)
	return a.GetRecord().GetValue(), err
}

// Store sends the node a PUT_VALUE.
func (r *Raw) Store(ctx context.Context, n side.Node, key string, value []byte) error {
	q := pb.NewMessage(pb.Message_PUT_VALUE, []byte(key), 0)
	q.Record = record.MakePutRecord(key, value)
	return r.hand(ctx, n, q, true)
}

// Announce sends the node an ADD_PROVIDER. The node has no answer, but resets the stream if
// it refuses.
func (r *Raw) Announce(ctx context.Context, n side.Node, key string, provider identity.Address) error {
	q := pb.NewMessage(pb.Message_ADD_PROVIDER, []byte(key), 0)
	var err error
	if q.ProviderPeers, err = messagePeers(provider); err != nil {
		return err
	}
	return r.hand(ctx, n, q, false)
}

// hand sends a write and waits for the answer, or for the end of the stream if there is no
// answer. A closed stream means accepted, a reset one refused.
func (r *Raw) hand(ctx context.Context, n side.Node, q *pb.Message, answered bool) error {
	s, err := r.open(ctx, n)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := writeMessage(s, q); err != nil {
		return err
	}
	if err := s.CloseWrite(); err != nil {
		return err
	}
	err = readMessage(s, new(pb.Message))
	switch {
	case errors.Is(err, network.ErrReset):
		return new(side.Refusal)
	case !answered && errors.Is(err, io.EOF):
		return nil
	}
	return err
}

// Garble sends the node a length and bytes that are no protobuf, and waits until the node
// closes the stream.
func (r *Raw) Garble(ctx context.Context, n side.Node) error {
	s, err := r.open(ctx, n)
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.Write([]byte{8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}); err != nil {
		return err
	}
	if _, err := io.ReadAll(s); err != nil && !errors.Is(err, network.ErrReset) {
		return err
	}
	return nil
}

func (r *Raw) open(ctx context.Context, n side.Node) (network.Stream, error) {
	node := n.(*Node)
	if err := r.host.Connect(ctx, node.Info()); err != nil {
		return nil, err
	}
	s, err := r.host.NewStream(ctx, node.host.ID(), Protocol)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		return s, s.SetDeadline(deadline)
	}
	return s, nil
}
