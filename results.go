package kadmium

import (
	"time"

	"kadmium/identity"
)

// A Lookup says how a lookup went. A contact from the searcher's own table is at
// hop 1, one first named by a peer at hop h at h+1.
type Lookup struct {
	Hops     int           // of the closest node returned, or of the one that had what was sought
	Rounds   int           // the longest chain of requests that waited for one another
	RPCs     int           // requests, each counted once however often it was sent
	Answered int           // peers that answered
	Failed   int           // peers that did not
	Elapsed  time.Duration // from first request to end
	Reason   string        // why it ended
	Trace    []Step
}

// A Step is one event of a lookup.
type Step struct {
	At       time.Duration // since the lookup began
	Kind     string        // asked, answered, failed, set aside, found, ended
	Peer     identity.ID
	Address  identity.Address
	NamedBy  identity.ID // who named the peer first; zero: it was in the searcher's table
	Distance int         // bits of the XOR distance to the target
	Hop      int
	Round    int
	Path     int           // of disjoint paths, from 0
	Elapsed  time.Duration // answered, failed: since the peer was asked
	Named    int           // answered: contacts in the answer
	New      int           // answered: of those, not heard of before
	Reason   string        // ended: why
}

// A Pong is a peer's answer to a ping.
type Pong struct {
	Address  identity.Address // who answered, with its ID
	RTT      time.Duration    // of the ping, first contact included
	Observed identity.Address // where the peer saw this node
	Serves   bool             // the peer is a server
	Lookup   *Lookup          // if the peer had to be found first
}

// A Peer is a peer that has answered this node.
type Peer struct {
	ID       identity.ID      `json:"peer"`
	Address  identity.Address `json:"address"`
	Distance int              `json:"distance"` // bits of the XOR distance to the target, or to this node
}

// Found is a peer that FindPeer found: it has answered at the address. With an error
// it has only the ID that was looked for.
type Found struct {
	Peer   Peer
	Lookup Lookup
}

// Closest is the nodes nearest to a target that answered, nearest first.
type Closest struct {
	Target string // hex
	Peers  []Peer
	Lookup Lookup
}

// PutOptions says how to put a record. The zero value looks the highest sequence
// up and puts the next one for store.DefaultTTL.
type PutOptions struct {
	TTL       time.Duration // of the record; 0: store.DefaultTTL. Holders cap it at store.MaxTTL
	Sequence  *uint64       // nil: one more than the highest found
	CAS       *uint64       // compare and swap: only where the held sequence is this (0: none is held)
	Ephemeral bool          // do not publish again: the record ends with its TTL
}

// Stored says what became of a put or a provide.
type Stored struct {
	Key        string
	Sequence   *uint64 // of a put; nil: of a provide
	Holders    int     // nodes that confirmed it, this one counted
	SelfHolder bool    // this node is one of the holders
	// Published: this node stores it again before it expires. Not so for a record
	// whose lifetime is shorter than the 22 hours between publications.
	Published bool
	Refusals  map[string]int // nodes that were asked and refused, by reason
	Expires   time.Time      // unless it is published again
	Lookup    Lookup
}

// GetOptions says how to get a record.
type GetOptions struct {
	// Quorum is the number of valid answers to weigh, the best of which wins; 0
	// and 1 end at the first. Above 1, holders of an older record are repaired.
	Quorum int
}

// Value is a record as it was got.
type Value struct {
	Key       string
	Value     []byte
	Sequence  uint64
	Publisher identity.ID // where the namespace has one
	From      identity.ID // who had it; this node's own ID if it held it itself
	Answers   int         // nodes that gave a valid record so far
	Expires   time.Time   // unless it is published again
	Lookup    Lookup
}

// ProvidersOptions says how to look for providers.
type ProvidersOptions struct {
	Max    int     // stop after so many; 0: all that the lookup meets
	Lookup *Lookup // if not nil, set when the sequence ends by itself
}

// A Provider is a peer that said, under its signature, that it provides a key.
type Provider struct {
	Peer    identity.ID
	Address identity.Address
	Expires time.Time
}

// Providers is all that a lookup of providers yielded, as kad providers prints it.
type Providers struct {
	Key       string
	Providers []Provider
	Lookup    Lookup
}

// A Message is what a peer sent to a handler.
type Message struct {
	From     identity.Address // authenticated ID, and the address it came from
	Protocol string
	Payload  []byte
}

// A Reply is a peer's answer to a message.
type Reply struct {
	From    identity.Address
	Payload []byte
	RTT     time.Duration
	Lookup  *Lookup // if the peer had to be found first
}

// An Event is something that happened at the node. Kinds: peer added, peer
// removed, mode changed, record stored, records expired, lookup step, joined.
type Event struct {
	At      time.Time        `json:"at"`
	Kind    string           `json:"kind"`
	Peer    identity.Address `json:"peer,omitzero"`
	Mode    string           `json:"mode,omitempty"`    // mode changed: to what
	Key     string           `json:"key,omitempty"`     // of the record
	Count   int              `json:"count,omitempty"`   // records expired: how many; joined: contacts in the table
	Lookup  uint64           `json:"lookup,omitempty"`  // lookup step: tells lookups apart; 0: one of the node's own
	Step    *Step            `json:"step,omitempty"`    // lookup step
	Dropped uint64           `json:"dropped,omitempty"` // events lost before this one: nobody read in time
}
