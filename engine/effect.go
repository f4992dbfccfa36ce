package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
	"kadmium/store"
)

// An EffectKind says what an Effect asks of the driver (design R1.7).
type EffectKind uint8

// The kinds of effects, and the fields that each uses. Op is the operation that a request
// serves, 0 for the node's own requests. A request keeps its Op when it is sent again,
// even if the operation is over. The copies and repairs that follow a finished Get are
// the node's own.
const (
	SendRequest   EffectKind = 1 + iota // To, RequestID, Op, Message, FirstContact, UnderSession, DialBack
	ForgetRequest                       // RequestID: its answer is no longer awaited
	SendReply                           // Token, Message
	Persist                             // PersistID, Changes: write to the journal, then call Persisted; PersistID 0: do not call it
	Progress                            // Op, Result: a better value, or more providers
	Finish                              // Op, Result: the operation is over
	ReportEvent                         // Event
	Deliver                             // Token, To, Message: hand a MESSAGE to its handler, then call Respond
)

// An Effect is one thing that the driver must do. The messages in it are the engine's
// memory, valid until the next call of a method of the engine.
type Effect struct {
	Kind         EffectKind
	FirstContact bool // send it as a first contact, even if there is a session: the last try
	UnderSession bool // never send it as a first contact, but fail if there is no session
	DialBack     bool // send it from another local address (design R7.8)
	To           identity.Contact
	RequestID    uint64
	Token        uint64
	PersistID    uint64
	Op           OpID
	Message      *rpc.Message
	Changes      []store.Change
	Result       *Result
	Event        Event
}

// An EventKind says what happened.
type EventKind uint8

// The kinds of events.
const (
	PeerAdded      EventKind = 1 + iota // Contact entered the routing table
	PeerRemoved                         // Contact left the routing table
	ModeChanged                         // Mode is now in force
	RecordStored                        // Key was stored or stored again, as Contact asked; its journal entry may not be synced yet
	RecordExpired                       // N records and provider entries expired
	LookupStep                          // a lookup of operation Op (0: of the node's own) made Step, after N requests
	Joined                              // a join ended with N contacts in the routing table
	AddressChanged                      // Contact is this node where peers see it now
	PeerSilent                          // Contact did not answer a request that began N ms ago; a driver passes on what is news

	// Reported by a driver, from its book of peers.
	PeerMet      // Contact was heard for the first time
	PeerMoved    // it is heard at Contact now, and was at Was
	PeerReturned // Contact was heard after it had fallen silent, or had left
	PeerLeft     // Contact has said that it ends
)

var eventNames = [...]string{"?", "peer added", "peer removed", "mode changed", "record stored", "records expired", "lookup step", "joined", "address changed",
	"peer silent", "peer met", "peer moved", "peer returned", "peer left"}

// String is the kind in words.
func (k EventKind) String() string {
	if int(k) >= len(eventNames) {
		return "unknown"
	}
	return eventNames[k]
}

// An Event tells of something worth watching. Which fields are set depends on its kind.
type Event struct {
	Kind    EventKind
	Purpose Purpose // LookupStep: of the lookup
	Waits   bool    // PeerRemoved: it has neither failed nor left, and waits for a place
	At      time.Time
	Contact identity.Contact
	Was     identity.Contact
	Mode    Mode
	Key     []byte
	N       int
	Op      OpID
	Began   time.Time     // LookupStep: when the lookup began
	Step    *lookup.Event // the engine's memory, as messages are
}
