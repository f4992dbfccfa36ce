package kadmium

import (
	"time"

	"kadmium/identity"
)

// A Lookup says how a lookup went. A contact from the searcher's own table is at
// hop 1, one first named by a peer at hop h at h+1.
type Lookup struct {
	Hops     int           `json:"hops"`       // of the closest node returned, or of the one that had what was sought
	Rounds   int           `json:"rounds"`     // the longest chain of requests that waited for one another
	RPCs     int           `json:"rpcs"`       // requests, each counted once however often it was sent
	Answered int           `json:"answered"`   // peers that answered
	Failed   int           `json:"failed"`     // peers that did not
	Elapsed  time.Duration `json:"elapsed_ns"` // from first request to end
	Reason   string        `json:"reason"`     // why it ended
	Trace    []Step        `json:"trace,omitempty"`
}

// A Step is one event of a lookup.
type Step struct {
	At       time.Duration    `json:"at_ns"` // since the lookup began
	Kind     string           `json:"kind"`  // asked, answered, failed, set aside, found, ended
	Peer     identity.ID      `json:"peer,omitzero"`
	Address  identity.Address `json:"address,omitzero"`
	NamedBy  identity.ID      `json:"named_by,omitzero"` // who named the peer first; zero: the own table
	Distance int              `json:"distance"`          // bits of the XOR distance to the target
	Hop      int              `json:"hop"`
	Round    int              `json:"round"`
	Path     int              `json:"path"`                 // of disjoint paths, from 0
	Elapsed  time.Duration    `json:"elapsed_ns,omitempty"` // answered, failed: since the peer was asked
	Named    int              `json:"named,omitempty"`      // answered: contacts in the answer
	New      int              `json:"new,omitempty"`        // answered: of those, not heard of before
	Reason   string           `json:"reason,omitempty"`     // ended: why
}

// A Pong is a peer's answer to a ping.
type Pong struct {
	Address  identity.Address `json:"address,omitzero"`  // who answered, with its ID
	RTT      time.Duration    `json:"rtt_ns"`            // of the ping, first contact included
	Observed identity.Address `json:"observed,omitzero"` // where the peer saw this node
	Serves   bool             `json:"serves"`            // the peer is a server
}

// A Peer is a peer that has answered this node.
type Peer struct {
	ID       identity.ID      `json:"peer"`
	Address  identity.Address `json:"address"`
	Distance int              `json:"distance"` // bits of the XOR distance to the target, or to this node
}

// Found is a peer that FindPeer found: it has answered at the address.
type Found struct {
	Peer   Peer   `json:"found,omitzero"`
	Lookup Lookup `json:"lookup"`
}

// Closest is the nodes nearest to a target that answered, nearest first.
type Closest struct {
	Target string `json:"target"` // hex
	Peers  []Peer `json:"peers"`
	Lookup Lookup `json:"lookup"`
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
	Key        string `json:"key"`
	Sequence   uint64 `json:"sequence"`
	Holders    int    `json:"holders"`     // nodes that confirmed it, this one counted
	SelfHolder bool   `json:"self_holder"` // this node is one of the holders
	// Published: this node stores it again before it expires. Not so for a record
	// whose lifetime is shorter than the 22 hours between publications.
	Published bool `json:"published"`
	// Refusals counts by their reason the nodes that were asked and said no.
	Refusals map[string]int `json:"refusals,omitempty"`
	Expires  time.Time      `json:"expires"` // unless it is published again
	Lookup   Lookup         `json:"lookup"`
}

// GetOptions says how to get a record.
type GetOptions struct {
	// Quorum is the number of valid answers to weigh, the best of which wins; 0
	// and 1 end at the first. Above 1, holders of an older record are repaired.
	Quorum int
}

// Value is a record as it was got.
type Value struct {
	Key       string      `json:"key"`
	Value     []byte      `json:"value"`
	Sequence  uint64      `json:"sequence"`
	Publisher identity.ID `json:"publisher,omitzero"` // where the namespace has one
	From      identity.ID `json:"from,omitzero"`      // who had it; this node's own ID if it held it itself
	Answers   int         `json:"answers"`            // nodes that gave a valid record so far
	Expires   time.Time   `json:"expires"`            // unless it is published again
	Lookup    Lookup      `json:"lookup"`
}

// ProvidersOptions says how to look for providers.
type ProvidersOptions struct {
	Max    int     // stop after so many; 0: all that the lookup meets
	Lookup *Lookup // if not nil, set when the sequence ends by itself
}

// A Provider is a peer that said, under its signature, that it provides a key.
type Provider struct {
	Peer    identity.ID      `json:"peer"`
	Address identity.Address `json:"address"`
	Expires time.Time        `json:"expires"`
}

// A Message is what a peer sent to a handler.
type Message struct {
	From     identity.Address `json:"from"` // authenticated ID, and the address it came from
	Protocol string           `json:"protocol"`
	Payload  []byte           `json:"payload"`
}

// A Reply is a peer's answer to a message.
type Reply struct {
	From    identity.Address `json:"from,omitzero"`
	Payload []byte           `json:"payload"`
	RTT     time.Duration    `json:"rtt_ns"`
	Lookup  *Lookup          `json:"lookup,omitempty"` // if the peer had to be found first
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
