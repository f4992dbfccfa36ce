package kadmium

import (
	"context"
	"iter"

	"kadmium/identity"
)

// A Node is one member of the network. All methods are safe for concurrent use.
type Node struct{ id identity.ID }

// New makes a node: it reads the data directory, binds the sockets and starts.
// Joining by Config.Bootstrap goes on in the background, see Joined. Errors:
// ErrBadConfig, ErrAddressInUse, ErrInUse, ErrUnwritable, ErrCorrupt.
func New(cfg Config) (*Node, error) { return nil, ErrBadConfig }

// Close ends the node: operations return ErrClosed, sockets and files are closed,
// what was acknowledged is on disk. It waits for no peer. Further calls do nothing.
func (n *Node) Close() error { return nil }

// ID is the node's peer ID.
func (n *Node) ID() identity.ID { return n.id }

// Addresses are the node's addresses with its ID; a socket bound to all
// interfaces is given by each interface's own address.
func (n *Node) Addresses() []identity.Address { return nil }

// Joined waits until the first attempt to join has ended: nil if a peer answered
// or there was none to ask, ErrNoAnswer if no bootstrap peer did (the node goes
// on trying).
func (n *Node) Joined(ctx context.Context) error { return nil }

// Bootstrap joins by the given peers, each a multiaddr or HOST:PORT, beside those
// of the Config: it looks the node itself up and refreshes the farther buckets
// (Kademlia, section 2.3). Errors: ErrBadAddress, ErrNoAnswer.
func (n *Node) Bootstrap(ctx context.Context, addresses ...string) (Lookup, error) {
	return Lookup{}, ErrClosed
}

// Ping asks the peer at the address whether it is there. An address without an ID
// takes any peer; without an endpoint the peer is found first. Errors: ErrNoAnswer,
// ErrNotFound.
func (n *Node) Ping(ctx context.Context, to identity.Address) (Pong, error) {
	return Pong{}, ErrClosed
}

// FindPeer finds where a peer is; it answered there. Errors: ErrNotFound, ErrNoPeers.
func (n *Node) FindPeer(ctx context.Context, id identity.ID) (Found, error) {
	return Found{}, ErrClosed
}

// Closest finds the k nodes nearest to the target, this one excepted; all of them
// answered. Errors: ErrNoPeers.
func (n *Node) Closest(ctx context.Context, target identity.Position) (Closest, error) {
	return Closest{}, ErrClosed
}

// Put stores a value at the k nodes nearest to the key, and publishes it again every
// 22 h until Unpublish. The key's namespace, /NAME/..., says who may write it.
// Errors: ErrEmptyKey, ErrTooLarge, ErrUnknownNamespace, ErrInvalid, ErrBadOption;
// ErrNotStored, ErrOlder, ErrConflict.
func (n *Node) Put(ctx context.Context, key string, value []byte, opts PutOptions) (Stored, error) {
	return Stored{}, ErrClosed
}

// Get finds the value under a key. Errors: ErrEmptyKey, ErrTooLarge,
// ErrUnknownNamespace; ErrNotFound, ErrNoPeers.
func (n *Node) Get(ctx context.Context, key string, opts GetOptions) (Value, error) {
	return Value{}, ErrClosed
}

// Watch asks all of the key's holders and yields each value better than the one
// before, as answers come in; the last is the best. A slow reader gets only the
// latest. The sequence ends with the lookup, or with an error, once.
func (n *Node) Watch(ctx context.Context, key string) iter.Seq2[Value, error] {
	return func(yield func(Value, error) bool) {}
}

// Provide tells the k nodes nearest to the key that this node provides it, again
// every 22 h until Unpublish. Errors: as Put.
func (n *Node) Provide(ctx context.Context, key string) (Stored, error) {
	return Stored{}, ErrClosed
}

// Providers yields the providers of a key as they are found, each once. The
// sequence ends with the lookup, or with an error, once.
func (n *Node) Providers(ctx context.Context, key string, opts ProvidersOptions) iter.Seq2[Provider, error] {
	return func(yield func(Provider, error) bool) {}
}

// Unpublish stops publishing the key's record and provider entry: they end with
// their lifetimes. ErrNotFound if this node does not publish the key.
func (n *Node) Unpublish(ctx context.Context, key string) error { return ErrClosed }

// A Handler answers a message; its answer is at most rpc.MaxPayload bytes. The
// context ends when the node closes. An error reaches the sender as
// ErrHandlerFailed, without its text.
type Handler func(ctx context.Context, m Message) ([]byte, error)

// Handle sets the handler of a protocol, replacing the one before; nil removes
// it. The empty protocol's handler gets what no other takes. Handlers run on a
// few goroutines of the node's.
func (n *Node) Handle(protocol string, h Handler) {}

// Send sends a message and waits for the reply. Without an endpoint in the address
// the peer is found first. At most rpc.MaxPayload bytes. Errors: ErrTooLarge;
// ErrNotFound, ErrNoAnswer, ErrNoHandler, ErrHandlerFailed.
func (n *Node) Send(ctx context.Context, to identity.Address, protocol string, payload []byte) (Reply, error) {
	return Reply{}, ErrClosed
}

// Peers are the contacts of the routing table, nearest to this node first.
func (n *Node) Peers() []Peer { return nil }

// Table is the routing table as it stands.
func (n *Node) Table() Table { return Table{} }

// Stats says what the node is doing and has done.
func (n *Node) Stats() Stats { return Stats{} }

// Events are the node's events from now on, until the context ends or the node
// closes; then the channel is closed. Events that nobody reads in time are
// dropped and counted.
func (n *Node) Events(ctx context.Context) <-chan Event { return nil }
