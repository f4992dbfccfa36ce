package side

import (
	"context"

	"kadmium/identity"
)

// A Raw peer is scripted: it speaks the protocol of its side, gives the answers of a script,
// and validates nothing. It is in no table until Enter. All methods are safe for concurrent
// use.
type Raw interface {
	ID() identity.ID
	// Address is where the peer listens.
	Address() identity.Address

	// Speak makes the peer known to a node, as a server. Whether the node takes it into its
	// table is for the node to decide, and may take it a moment.
	Speak(ctx context.Context, n Node) error
	// Enter speaks until the peer is a contact of a node.
	Enter(ctx context.Context, n Node) error
	// Fetch asks a node for the value that it holds itself; nil: none.
	Fetch(ctx context.Context, n Node, key string) ([]byte, error)
	// Store sends a value to a node. Its error is a *Refusal if the node refuses it.
	Store(ctx context.Context, n Node, key string, value []byte) error
	// Announce tells a node that any peer provides a key. Its error is like that of
	// Store.
	Announce(ctx context.Context, n Node, key string, provider identity.Address) error
	// Garble sends a node bytes that are no message of the protocol, and returns when
	// they have been sent.
	Garble(ctx context.Context, n Node) error
	// Close closes the peer.
	Close() error
}

// A Reply is the answer of a Raw peer. The answer to a request for a value has the record and
// the peers, the answer to any other the peers.
type Reply struct {
	Key   string // of the record; empty: that of the request
	Value []byte // nil: no record
	Peers []identity.Address

	Silent   bool // no answer
	Oversize bool // the answer is longer than a message of the protocol may be
}

// A Refusal is a node's refusal of a write of a Raw peer.
type Refusal struct {
	Reason string // as the node gave it; empty: none
}

// Error says the reason.
func (r *Refusal) Error() string {
	if r.Reason == "" {
		return "refused without a reason"
	}
	return "refused: " + r.Reason
}
