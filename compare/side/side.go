// Package side is the terms in which a node of either side is spoken of: one
// interface that package kad fulfils with kadmium and package p2p with libp2p.
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
	Matched  Profile = "matched"  // equal k and alpha, nothing but the DHT
	Defaults Profile = "defaults" // each as shipped, but as a server at one address on loopback
)

// A Spec says what node to make.
type Spec struct {
	Seed    world.Seed
	Profile Profile
	K       int           // 0: as shipped
	Alpha   int           // 0: as shipped
	Delay   time.Duration // of the link, one way
	TCP     bool          // libp2p over TCP; kadmium knows UDP only
	Client  bool          // asks, but is in nobody's table
	MaxAge  time.Duration // of records; 0: as shipped

	// Validator is the namespace's; nil: one that never refuses.
	Validator *world.Sequenced

	// Bootstrap are the nodes to join by.
	Bootstrap []Node
}

// A Result is what an operation brought and took.
type Result struct {
	Peers []identity.ID // closest: nearest first; providers: as found
	Value []byte
	Hops  int // of the closest peer returned, or of the first that had what was sought; 0: nobody was asked

	// Counts is what was sent so far. Libp2p does not wait for all it sends: to be
	// called once the link is quiet. Nil for an operation that did not begin.
	Counts func() Counts
}

// Counts is what an operation sent.
type Counts struct {
	Asked    int // distinct peers that were sent requests
	Requests int // requests sent, repeats counted

	// Holders is, of a put or a provide, the nodes from which others get it then. A
	// peer counts once it has confirmed it (kadmium), or was sent it (libp2p, which does
	// not say); the node itself where it keeps a copy that it hands out, which libp2p
	// always does, and kadmium if it is among the k nearest.
	Holders int
}

// A Node is one node of either side. All methods but Close are safe for concurrent
// use with those of other nodes; operations of one node are measured one at a time.
type Node interface {
	ID() identity.ID

	// Closest finds the k nodes nearest to a key.
	Closest(ctx context.Context, key string) (Result, error)
	// FindPeer finds where a peer is.
	FindPeer(ctx context.Context, id identity.ID) (Result, error)
	// Put stores a value under /seq/NAME.
	Put(ctx context.Context, name string, value []byte) (Result, error)
	// Get finds the value under /seq/NAME. Quorum is the number of answers after
	// which it may stop; 0 asks all holders.
	Get(ctx context.Context, name string, quorum int) (Result, error)
	// Provide says that this node has the content of that name.
	Provide(ctx context.Context, name string) (Result, error)
	// Providers finds who has it, up to max; 0: all.
	Providers(ctx context.Context, name string, max int) (Result, error)

	// Table is the peers in the routing table.
	Table() []identity.ID
	// Link is the node's attachment to the network.
	Link() *link.Link
	// Cool ends all connections or sessions of the node; its table stays.
	Cool(ctx context.Context) error
	// Close ends the node, with a word to its peers where the protocol has one.
	Close() error
}

// Maker makes a node of one side and has it join. It returns when the node has
// asked its bootstrap nodes, not when its table is full.
type Maker func(context.Context, Spec) (Node, error)

// Key is the key of a name in the workload's namespace.
func Key(name string) string { return "/" + world.Namespace + "/" + name }

type wantsHops struct{}

// WithHops asks for the hop counts of operations run under the context. Libp2p
// gives them only through its lookup events, which cost time, so that what is timed
// runs without.
func WithHops(ctx context.Context) context.Context { return context.WithValue(ctx, wantsHops{}, true) }

// WantsHops reports whether the context is one of WithHops.
func WantsHops(ctx context.Context) bool { return ctx.Value(wantsHops{}) != nil }
