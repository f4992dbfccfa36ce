package engine

import (
	"errors"
	"net/netip"
	"time"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
)

// The errors that an operation may end with.
var (
	ErrNoPeers   = errors.New("no peer is known")
	ErrNoAnswer  = errors.New("no answer")
	ErrNotFound  = errors.New("not found")
	ErrNotStored = errors.New("no node confirmed the value")
	ErrRefused   = errors.New("refused")
	ErrCancelled = errors.New("cancelled")
	ErrTimeout   = errors.New("the lookup ran out of time")
	ErrBusy      = errors.New("too many operations under way")
	ErrJournal   = errors.New("the journal could not be written")
	ErrSequence  = errors.New("the record there has the highest sequence there is")
)

// A StatusError is a refusal by a peer. It wraps ErrRefused.
type StatusError struct{ Status rpc.Status }

// Error says why the peer refused.
func (e *StatusError) Error() string { return "refused: " + e.Status.String() }

// Unwrap is ErrRefused.
func (e *StatusError) Unwrap() error { return ErrRefused }

// An OpID names an operation. The driver chooses it: never 0, and none twice.
type OpID uint64

// A Refusal is of a node that was to hold a write, and does not.
type Refusal struct {
	Peer   identity.Address // this node has no endpoint here
	Status rpc.Status
	Silent bool // it has not answered: there is no Status
}

// A Result is the outcome of an operation. Which fields are set depends on the operation.
type Result struct {
	Err        error
	Peer       identity.Contact   // Ping, FindPeer, SendMessage: the peer that answered
	Contacts   []identity.Contact // Closest: the closest first; all of them have answered
	Record     *rpc.Record        // Get: the best; Put: as stored
	From       identity.Contact   // Get: the node that gave Record; 0: this node
	Stale      bool               // Get: Record is older than one that this node has seen (design R6.41)
	Answers    int                // Get: nodes that gave a valid record, this node included
	Holders    int                // Put, Provide: nodes that confirmed, this node included
	SelfHolder bool               // Put, Provide: this node is one of them
	Published  bool               // Put, Provide: this node stores it again before it expires
	KeptHere   bool               // Put, Provide: only this node has it, though others should
	Created    bool               // Put, Provide: there was none before, see design R9.25
	Refusals   []Refusal          // Put, Provide: the nodes that were to hold it and do not
	Expires    time.Time          // Put, Get, Provide
	Providers  []rpc.Provider     // Providers
	More       bool               // Providers: there may be more: most, a holder's limit, or a failure ended the search
	Payload    []byte             // SendMessage
	Observed   netip.AddrPort     // Ping: where the peer saw this node
	RTT        time.Duration      // Ping, SendMessage
	Serves     bool               // Ping: the peer is a server

	Protocols     []string       // Protocols: the names that the peer handles
	MoreProtocols bool           // Protocols: it handles others too
	Named         bool           // Protocols: it has said so
	Lookup        lookup.Stats   // Put, Get, Provide, Closest, FindPeer, Providers, Join
	Trace         []lookup.Event // the steps of that lookup
	Density       lookup.Density // what it found near its target
	Size          float64        // Closest: of the network, if chance chose the target, by this lookup alone; 0: it does not tell
}
