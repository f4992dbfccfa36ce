package side

import (
	"context"

	"kadmium/identity"
)

// A Raw peer is made by hand: it speaks the side's protocol, answers what it was
// told to, and validates nothing. Until it enters a table it asks as a stranger
// does. All methods are safe for concurrent use.
type Raw interface {
	ID() identity.ID
	// Address is where it listens.
	Address() identity.Address

	// Enter gets the peer into a node's table.
	Enter(ctx context.Context, n Node) error
	// Fetch asks a node for what it holds itself under a key; nil: nothing.
	Fetch(ctx context.Context, n Node, key string) ([]byte, error)
	// Store hands a value to a node, which was not asked for it, and returns what
	// the node says: nil if it took it, else a *Refusal.
	Store(ctx context.Context, n Node, key string, value []byte) error
	// Announce tells a node that the peer at the address provides a key, whoever that
	// is; the error is as Store's.
	Announce(ctx context.Context, n Node, key string, provider identity.Address) error
	// Garble sends a node bytes that are no message of the protocol, and returns
	// once they are gone.
	Garble(ctx context.Context, n Node) error
	// Close ends the peer without a word.
	Close() error
}

// A Reply is what a Raw peer answers. A request for nodes gets the peers, one for a
// value gets the record too.
type Reply struct {
	Key   string // of the record; empty: that of the request
	Value []byte // nil: no record
	Peers []identity.Address

	Silent   bool // no answer at all: the request is taken, and that is all
	Oversize bool // the answer is longer than a message of the protocol may be
}

// A Refusal is a node's no to what a Raw peer handed it.
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
