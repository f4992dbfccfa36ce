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
	Message      *rpc.Message     // the caller's memory: what the engine keeps it copies
	Token        uint64           // a request's: names the reply to it
	Room         int              // a request's: bytes the body of its reply may have
	Proven       bool             // the peer has proved that it receives at this address
	FirstContact bool             // a first contact: it may be an old one, sent again by anybody
	Ambiguous    bool             // a response whose round trip says nothing (Karn)
	Observed     netip.AddrPort   // where the answering peer saw this node, if it said
	Verdict      error            // what the namespace said of the record or provider entry carried; nil: valid
}

// An EffectKind says what an Effect asks of the driver.
type EffectKind uint8

// The kinds of effects, and the fields that count for each. The Op of a request is
// the operation it serves, 0 for the node's own: also of one that is sent again,
// perhaps after the operation's end. What a Get leaves with others once it has
// finished is the node's own.
const (
	SendRequest   EffectKind = 1 + iota // To, RequestID, Op, Message, FirstContact, DialBack
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
	Kind         EffectKind
	FirstContact bool // be a first contact, whatever session there is: the last try
	DialBack     bool // send from another local address: a dial back
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
