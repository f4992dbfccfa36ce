package kad

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	"kadmium/compare/side"
	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/rpc/pb"
	"kadmium/session"
	"kadmium/store"
	"kadmium/transport"
)

// A Raw is a scripted peer: kadmium's transport without an engine. It is a side.Raw.
type Raw struct {
	key    identity.Key
	answer func() side.Reply
	conn   *socket
	wire   *transport.Transport

	serves atomic.Bool // it claims to be a server

	mu      sync.Mutex
	book    identity.Contacts
	codec   rpc.Codec
	waiting map[uint64]chan *rpc.Message // own requests by ID
}

// NewRaw makes a peer with the key of the spec. Answer is called for each request.
func NewRaw(spec side.Spec, answer func() side.Reply) (*Raw, error) {
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	conn := &socket{UDPConn: udp}
	r := &Raw{key: identity.KeyFromSeed(spec.Seed), answer: answer, conn: conn, waiting: make(map[uint64]chan *rpc.Message)}
	r.wire, err = transport.New(transport.Config{
		Key:     r.key,
		Network: network,
		Conns:   []net.PacketConn{conn},
		Handler: r.received,
		Serves:  r.serves.Load,
	})
	if err != nil {
		conn.Close()
		return nil, err
	}
	r.wire.Start()
	return r, nil
}

// ID is the ID of the peer.
func (r *Raw) ID() identity.ID { return r.key.ID() }

// Address is where the peer listens.
func (r *Raw) Address() identity.Address {
	return identity.Address{ID: r.ID(), Endpoint: r.wire.Addrs()[0]}
}

// Close closes the socket.
func (r *Raw) Close() error { return r.wire.Close() }

// received is the transport's handler.
func (r *Raw) received(in *transport.Inbound) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := &rpc.Message{Type: in.Type, Response: in.Response, Serves: in.Serves, ID: in.ID}
	if err := r.codec.Decode(in.Body, m, &r.book); err != nil {
		return
	}
	if !in.Response {
		told := r.answer()
		if told.Silent {
			return
		}
		r.conn.stretches.Store(told.Oversize)
		if body, err := r.reply(in, m, told); err == nil {
			r.wire.Reply(in.Reply, r.serves.Load(), body) // what does not arrive is asked for again
		}
		return
	}
	if answered := r.waiting[in.ID]; answered != nil {
		delete(r.waiting, in.ID)
		answered <- m
	}
}

// reply is the body of the answer to a request. It encodes answers to reads itself: package
// rpc encodes only what an honest node would send.
func (r *Raw) reply(in *transport.Inbound, q *rpc.Message, told side.Reply) ([]byte, error) {
	if !q.Type.IsQuery() {
		return r.codec.Append(nil, &rpc.Message{Type: q.Type, ID: q.ID, Response: true, Observed: in.From.Endpoint}, &r.book)
	}
	a := new(pb.Answer)
	if q.Type == rpc.FindValue && told.Value != nil {
		key := []byte(told.Key)
		if told.Key == "" {
			key = q.Key
		}
		a.Record = &pb.Record{Key: key, Value: told.Value, Sequence: 1}
		a.TtlMs = uint64(time.Hour.Milliseconds())
	}
	for _, p := range told.Peers {
		a.Contacts = rpc.AppendContact(a.Contacts, p)
	}
	return proto.Marshal(a)
}

// A socket can make answers longer than kadmium allows.
type socket struct {
	*net.UDPConn
	stretches atomic.Bool
}

// WriteToUDPAddrPort is like that of net.UDPConn.
func (s *socket) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	kind, err := session.KindOf(b)
	if isAnswer := kind == session.KindResponse || kind == session.KindFirstResponse; err == nil && isAnswer && s.stretches.Load() {
		b = append(bytes.Clone(b), make([]byte, session.MaxDatagram+1-len(b))...)
	}
	return s.UDPConn.WriteToUDPAddrPort(b, to)
}

// enterWithin bounds the wait for entering a table.
const enterWithin = 5 * time.Second

// Speak pings the node twice: the first ping is a first contact, which changes nothing there;
// the second proves the address (design R3.1).
func (r *Raw) Speak(ctx context.Context, n side.Node) error {
	r.serves.Store(true)
	for range 2 {
		if _, err := r.ask(ctx, n, &rpc.Message{Type: rpc.Ping}); err != nil {
			return fmt.Errorf("speaking to %v: %w", n.ID(), err)
		}
	}
	return nil
}

// Enter speaks to the node until it has the peer in its table.
func (r *Raw) Enter(ctx context.Context, n side.Node) error {
	ctx, cancel := context.WithTimeout(ctx, enterWithin)
	defer cancel()
	for {
		if err := r.Speak(ctx, n); err != nil {
			return err
		}
		if slices.Contains(n.Table(), r.ID()) {
			return nil
		}
	}
}

// Fetch sends the node a FIND_VALUE.
func (r *Raw) Fetch(ctx context.Context, n side.Node, key string) ([]byte, error) {
	a, err := r.ask(ctx, n, &rpc.Message{Type: rpc.FindValue, Key: []byte(key)})
	if err != nil || a.Record == nil {
		return nil, err
	}
	return a.Record.Value, nil
}

// Store sends the node a STORE.
func (r *Raw) Store(ctx context.Context, n side.Node, key string, value []byte) error {
	return r.hand(ctx, n, &rpc.Message{
		Type:   rpc.Store,
		Record: &rpc.Record{Key: []byte(key), Value: value, Sequence: 1, TTL: time.Hour},
	})
}

// Announce sends the node an ADD_PROVIDER. It is signed by the peer's own key, even if it
// announces another provider.
func (r *Raw) Announce(ctx context.Context, n side.Node, key string, provider identity.Address) error {
	p := &rpc.Provider{Key: []byte(key), Peer: provider, Sequence: 1, TTL: time.Hour, Lifetime: 3600}
	store.SignProvider(r.key, network, p)
	p.Peer = provider
	return r.hand(ctx, n, &rpc.Message{Type: rpc.AddProvider, Provider: p})
}

func (r *Raw) hand(ctx context.Context, n side.Node, q *rpc.Message) error {
	a, err := r.ask(ctx, n, q)
	if err != nil {
		return err
	}
	if a.Status != rpc.OK {
		return &side.Refusal{Reason: a.Status.String()}
	}
	return nil
}

// Garble sends the node a datagram of random bytes, and a correctly sealed one with random
// bytes in it.
func (r *Raw) Garble(_ context.Context, n side.Node) error {
	noise := make([]byte, 400)
	rand.Read(noise)
	to := n.(*Node).Address()
	if _, err := r.conn.WriteToUDPAddrPort(noise, to.Endpoint); err != nil {
		return err
	}
	id := binary.BigEndian.Uint64(noise)
	defer r.wire.Forget(id)
	return r.wire.Request(transport.Request{To: to, ID: id, Type: rpc.FindNode, Body: noise})
}

// tryEvery is the time after which a request is sent again.
const tryEvery = 200 * time.Millisecond

// ask sends the node a request until it answers.
func (r *Raw) ask(ctx context.Context, n side.Node, q *rpc.Message) (*rpc.Message, error) {
	var id [8]byte
	rand.Read(id[:])
	q.ID, q.Serves = binary.BigEndian.Uint64(id[:]), r.serves.Load()
	answered := make(chan *rpc.Message, 1)
	r.mu.Lock()
	body, err := r.codec.Append(nil, q, &r.book)
	r.waiting[q.ID] = answered
	r.mu.Unlock()
	if err != nil {
		return nil, err
	}
	defer r.wire.Forget(q.ID)
	for {
		err := r.wire.Request(transport.Request{To: n.(*Node).Address(), ID: q.ID, Type: q.Type, Serves: q.Serves, Body: body})
		if err != nil {
			return nil, err
		}
		select {
		case a := <-answered:
			return a, nil
		case <-time.After(tryEvery):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
