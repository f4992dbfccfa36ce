// Package side is the interface of a node of either side. Package kad implements it with
// kadmium, package p2p with libp2p.
package side

import (
	"context"
	"time"

	"kadmium/compare/link"
	"kadmium/compare/world"
	"kadmium/identity"
)

// A Profile says how the nodes are configured.
type Profile string

// The profiles.
const (
	Matched  Profile = "matched"  // the same k and alpha, and nothing except the DHT
	Defaults Profile = "defaults" // the defaults of each, but as a server at one address on loopback
)

// A Spec describes a node to make.
type Spec struct {
	Seed    world.Seed
	Profile Profile
	K       int           // 0: as shipped
	Alpha   int           // 0: as shipped
	Delay   time.Duration // of the link, one way
	TCP     bool          // libp2p over TCP; kadmium uses UDP only
	Client  bool          // it sends requests, but is in no table
	MaxAge  time.Duration // of records; 0: as shipped

	// Validator is the validator of the namespace; nil: one that never refuses.
	Validator *world.Sequenced

	// Bootstrap are the nodes to join by.
	Bootstrap []Node
}

// A Result is the result of an operation.
type Result struct {
	Peers []identity.ID // closest: nearest first; providers: as found
	Value []byte
	Hops  int // of the closest peer returned, or of the first that had what was sought; 0: nobody was asked

	// Rounds is, after Closest, the longest chain of requests that waited for one another.
	Rounds int

	// Suspect says that the result itself tells that something near its target is not as it
	// should be.
	Suspect bool

	// Counts returns what was sent so far. Call it when the link is quiet: libp2p still
	// sends after it has the result. It is nil for an operation that did not begin.
	Counts func() Counts
}

// Counts says what an operation sent.
type Counts struct {
	Asked    int // distinct peers that were sent requests
	Requests int // requests sent, including repeats

	// Holders is, after a put or a provide, the number of nodes from which others can get
	// it. A peer counts if it has confirmed (kadmium) or was sent the value (libp2p, which
	// does not confirm). The node itself counts if it keeps a copy that it gives to others:
	// always with libp2p, if it is among the k nearest with kadmium.
	Holders int
}

// A Node is a node of either side. All methods except Close are safe for concurrent use with
// those of other nodes. The operations of one node are measured one at a time.
type Node interface {
	ID() identity.ID

	// Closest finds the k nodes nearest to a key.
	Closest(ctx context.Context, key string) (Result, error)
	// FindPeer finds the address of a peer.
	FindPeer(ctx context.Context, id identity.ID) (Result, error)
	// Put stores a value under /seq/NAME.
	Put(ctx context.Context, name string, value []byte) (Result, error)
	// Get finds the value under /seq/NAME. It may stop after quorum answers; 0 asks all
	// holders.
	Get(ctx context.Context, name string, quorum int) (Result, error)
	// Provide announces that this node has the content of a name.
	Provide(ctx context.Context, name string) (Result, error)
	// Providers finds up to max providers of the content of a name; 0: all.
	Providers(ctx context.Context, name string, max int) (Result, error)

	// Table lists the peers in the routing table.
	Table() []identity.ID
	// Link is the link of the node to the network.
	Link() *link.Link
	// Cool ends all connections or sessions of the node. It keeps the routing table.
	Cool(ctx context.Context) error
	// Close closes the node. It tells its peers if the protocol can.
	Close() error
}

// A Maker makes a node of one side and has it join. It returns when the node has asked its
// bootstrap nodes; its table need not be full.
type Maker func(context.Context, Spec) (Node, error)

// Key is the key of a name in the namespace of the workload.
func Key(name string) string { return "/" + world.Namespace + "/" + name }

type wantsHops struct{}

// WithHops requests the hop counts of operations under the context. Libp2p reports hops only
// through lookup events, which cost time, so operations are timed without them.
func WithHops(ctx context.Context) context.Context { return context.WithValue(ctx, wantsHops{}, true) }

// WantsHops reports whether the context is from WithHops.
func WantsHops(ctx context.Context) bool { return ctx.Value(wantsHops{}) != nil }
