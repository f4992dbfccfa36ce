package engine

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"time"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
	"kadmium/store"
)

// Errors an operation may end with.
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
	ErrSequence  = errors.New("no sequence number is left under 2^63")
)

// A StatusError is a peer's refusal; errors.Is finds ErrRefused in it.
type StatusError struct{ Status rpc.Status }

// Error says why the peer refused.
func (e *StatusError) Error() string { return "refused: " + e.Status.String() }

// Unwrap is ErrRefused.
func (e *StatusError) Unwrap() error { return ErrRefused }

// A Mode says whether a node serves others (design, section 7).
type Mode uint8

// The modes. Auto starts as a client and becomes a server once a peer has called
// back from another address.
const (
	Auto Mode = iota
	Client
	Server
)

var modeNames = [...]string{"auto", "client", "server"}

// String is the mode's name as the command line spells it.
func (m Mode) String() string { return modeNames[m] }

// Config is what an engine needs to know. The zero value of each optional field
// is its default.
type Config struct {
	Self          identity.ID        // who this node is
	Position      identity.Position  // where it stands; Self.Position() outside a simulator
	Endpoint      netip.AddrPort     // an address of its own, for as long as no peer has said where it sees it
	Mode          Mode               // Auto unless set
	Reachable     bool               // Auto: be a server from the start (on loopback, or first of its network)
	Bootstrap     []identity.Address // tried at Join and whenever the node is alone
	Families      rpc.Families       // what it can send to; 0: both
	K             int                // contacts in a bucket, an answer, and a value's holders; 20
	Alpha         int                // requests in flight in a lookup; 3
	DisjointPaths int                // disjoint paths of a lookup (S/Kademlia); 1
	Durable       bool               // acknowledge a write only after Persisted
	Namespaces    *store.Namespaces  // who wins among records of a key
	Store         store.Config       // lifetimes and limits of records

	// SignRecord and SignProvider sign in this node's name. They must be pure.
	SignRecord   func(*rpc.Record)
	SignProvider func(*rpc.Provider)
}

// An OpID names an operation; the driver chooses it, never 0 and never twice.
type OpID uint64

// An Inbound is a message that arrived, authenticated and decoded.
type Inbound struct {
	From      identity.Contact // the peer whose key signed or sealed it, at its source address
	Message   *rpc.Message     // the caller's memory: what the engine keeps it copies
	Token     uint64           // a request's: names the reply to it
	Room      int              // a request's: bytes the body of its reply may have
	Proven    bool             // the peer has proved that it receives at this address
	First     bool             // a first contact: it may be an old one, sent again by anybody
	Ambiguous bool             // a response whose round trip says nothing (Karn)
	Observed  netip.AddrPort   // where the answering peer saw this node, if it said
	Verdict   error            // what the namespace said of the record or provider entry carried; nil: valid
}

// An EffectKind says what an Effect asks of the driver.
type EffectKind uint8

// The kinds of effects, and the fields that count for each. The Op of a request is
// the operation it serves, 0 for the node's own: also of one that is sent again,
// perhaps after the operation's end. What a Get leaves with others once it has
// finished is the node's own.
const (
	SendRequest   EffectKind = 1 + iota // To, RequestID, Op, Message, Fresh, Elsewhere
	ForgetRequest                       // RequestID: its answer is no longer wanted
	SendReply                           // Token, Message
	Persist                             // Batch, Ops: write to the journal, then call Persisted; Batch 0: nobody waits
	Progress                            // Op, Result: an improving value, or more providers
	Finish                              // Op, Result: the operation is over
	Emit                                // Event
	Deliver                             // Token, To, Message: a MESSAGE for its handler, then call Respond
)

// An Effect is one thing the driver must do. Messages in it are the engine's
// memory, valid until the engine's next call.
type Effect struct {
	Kind      EffectKind
	Fresh     bool // be a first contact, whatever session there is: the last try
	Elsewhere bool // send from another local address: a dial back
	To        identity.Contact
	RequestID uint64
	Token     uint64
	Batch     uint64
	Op        OpID
	Message   *rpc.Message
	Ops       []store.Op
	Result    *Result
	Event     Event
}

// A Result is what an operation brought; which fields count depends on it.
type Result struct {
	Err        error
	Peer       identity.Contact   // Ping, FindPeer, SendMessage: who answered
	Contacts   []identity.Contact // Closest: closest first; all have answered
	Record     *rpc.Record        // Get: the best; Put: as stored
	From       identity.Contact   // Get: who gave Record; 0: this node held it
	Answers    int                // Get: nodes that gave a valid record, this one included
	Holders    int                // Put, Provide: nodes that confirmed, this one included
	SelfHolder bool               // Put, Provide: this node is one of them
	Published  bool               // Put, Provide: this node stores it again before it expires
	Refusals   []rpc.Status       // Put, Provide: what the others said
	Expires    time.Time          // Put, Get, Provide
	Providers  []rpc.Provider     // Providers
	Payload    []byte             // SendMessage
	Observed   netip.AddrPort     // Ping: where the peer saw this node
	RTT        time.Duration      // Ping, SendMessage
	Serves     bool               // Ping: the peer is a server
	Lookup     lookup.Stats       // of the lookup, if there was one
	Trace      []lookup.Event     // its steps
}

// An EventKind says what happened.
type EventKind uint8

// The kinds of events.
const (
	PeerAdded     EventKind = 1 + iota // Contact entered the table
	PeerRemoved                        // Contact left it
	ModeChanged                        // Mode is now in force
	RecordStored                       // Key was stored at Contact's word
	RecordExpired                      // Key expired; N of them
	LookupStep                         // Step of the lookup of operation Op (0: one of the node's own)
	Joined                             // a join ended with N contacts in the table
)

var eventNames = [...]string{"?", "peer added", "peer removed", "mode changed", "record stored", "records expired", "lookup step", "joined"}

// String is the kind in words.
func (k EventKind) String() string { return eventNames[k] }

// An Event is something worth watching.
type Event struct {
	Kind    EventKind
	At      time.Time
	Contact identity.Contact
	Mode    Mode
	Key     []byte
	N       int
	Op      OpID
	Step    *lookup.Event // the engine's memory, like a message
}

// A PutQuery is a value to be stored.
type PutQuery struct {
	Key, Value []byte
	TTL        time.Duration // 0: 24 h
	Sequence   *uint64       // nil: the highest found, plus one
	CAS        *uint64       // only where the held sequence is this; 0: none is held
	Ephemeral  bool          // nobody publishes it again
}

// A GetQuery is a key to be looked for.
type GetQuery struct {
	Key    []byte
	Quorum int  // valid answers wanted; 0: one
	Watch  bool // report each better value as Progress, and run to the end
}

// The random source of jitter, sampling and request IDs; it must be
// unpredictable (ChaCha8 from a random seed) outside a simulator.
type random = *rand.Rand
