package engine

import (
	"net/netip"
	"time"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
	"kadmium/store"
)

// An Inbound is a message that arrived, authenticated and decoded.
type Inbound struct {
	From         identity.Contact // the peer whose key signed or sealed it, at its source address
	Message      *rpc.Message     // the caller's memory: the engine copies what it keeps
	Token        uint64           // of a request: names its reply
	Room         int              // of a request: bytes that the body of its reply may have
	Proven       bool             // the peer has shown that it receives at this address
	FirstContact bool             // a first contact: anybody may have sent it again, later
	Ambiguous    bool             // a response whose round trip time says nothing (Karn's rule)
	Observed     netip.AddrPort   // where the answering peer saw this node; zero: it did not say
	Verdict      error            // of the record or provider entry carried, by its namespace; nil: valid
}

// An EffectKind says what an Effect asks of the driver (design R1.7).
type EffectKind uint8

// The kinds of effects, and the fields that each uses. Op is the operation that a request
// serves, 0 for the node's own requests. A request keeps its Op when it is sent again,
// even if the operation is over. The copies and repairs that follow a finished Get are
// the node's own.
const (
	SendRequest   EffectKind = 1 + iota // To, RequestID, Op, Message, FirstContact, DialBack
	ForgetRequest                       // RequestID: its answer is no longer awaited
	SendReply                           // Token, Message
	Persist                             // Batch, Ops: write to the journal, then call Persisted; Batch 0: do not call it
	Progress                            // Op, Result: a better value, or more providers
	Finish                              // Op, Result: the operation is over
	Emit                                // Event
	Deliver                             // Token, To, Message: hand a MESSAGE to its handler, then call Respond
)

// An Effect is one thing that the driver must do. The messages in it are the engine's
// memory, valid until the next call of a method of the engine.
type Effect struct {
	Kind         EffectKind
	FirstContact bool // send it as a first contact, even if there is a session: the last try
	DialBack     bool // send it from another local address (design R7.8)
	To           identity.Contact
	RequestID    uint64
	Token        uint64
	Batch        uint64
	Op           OpID
	Message      *rpc.Message
	Ops          []store.Op
	Result       *Result
	Event        Event
}

// An EventKind says what happened.
type EventKind uint8

// The kinds of events.
const (
	PeerAdded     EventKind = 1 + iota // Contact entered the routing table
	PeerRemoved                        // Contact left the routing table
	ModeChanged                        // Mode is now in force
	RecordStored                       // Key was stored, as Contact asked
	RecordExpired                      // N records and provider entries expired
	LookupStep                         // a lookup of operation Op (0: of the node's own) made Step
	Joined                             // a join ended with N contacts in the routing table
)

var eventNames = [...]string{"?", "peer added", "peer removed", "mode changed", "record stored", "records expired", "lookup step", "joined"}

// String is the kind in words.
func (k EventKind) String() string { return eventNames[k] }

// An Event tells of something worth watching. Which fields are set depends on its kind.
type Event struct {
	Kind    EventKind
	At      time.Time
	Contact identity.Contact
	Mode    Mode
	Key     []byte
	N       int
	Op      OpID
	Step    *lookup.Event // the engine's memory, as messages are
}
