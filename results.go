package kadmium

import (
	"fmt"
	"strings"
	"time"

	"kadmium/identity"
)

// A Lookup says how a lookup went. A contact of the searcher's own table is at hop 1,
// a contact that was first named by a peer at hop h is at hop h+1 (design R5.14).
type Lookup struct {
	Hops     int           // of the closest node returned, or of the one that had what was looked for
	Rounds   int           // the longest chain of requests that waited for one another
	RPCs     int           // requests; one that was sent again counts once
	Answered int           // peers that answered
	Failed   int           // peers that did not
	Elapsed  time.Duration // from first request to end
	Reason   string        // why it ended: converged, exhausted, satisfied, cancelled, timed out, no contacts, held here
	Trace    []Step        // in the order of time

	// What it found near its target, beside what chance puts there (design R5.22). Size is
	// this node's estimate of how many nodes the network has; 0: it has none, or the network
	// is small, and then there are no Octaves, and nothing is suspect.
	Size    int
	Octaves []Octave
	Suspect Suspect
}

// An Octave is an octave of distance around the target of a lookup. The first reaches half
// as far as the k closest nodes do on average to as far as they do, each other one half as
// far as the one before, the last down to the target.
type Octave struct {
	Expected float64 `json:"expected"` // nodes, by the estimate of the network's size
	Known    int     `json:"known"`    // nodes that were named, without those that failed
	Answered int     `json:"answered"`
}

// A Suspect says what of a lookup is not as chance has it, or as this node has seen it before.
// Somebody may have made identities near the target: the result is then of both, theirs and
// others.
type Suspect struct {
	Crowded []int `json:"crowded,omitempty"` // octaves, from 0, with more nodes than chance puts there
	Sparse  bool  `json:"sparse,omitempty"`  // too few have answered near the target, or one subnet named them all
	Subnet  bool  `json:"subnet,omitempty"`  // many near the target are of one subnet
	Stale   bool  `json:"stale,omitempty"`   // the record is signed, and older than one that this node has seen
}

// IsZero reports whether nothing is suspect.
func (s Suspect) IsZero() bool { return s.Crowded == nil && !s.Sparse && !s.Subnet && !s.Stale }

// String is what is suspect in words, and empty if nothing is.
func (s Suspect) String() string {
	var words []string
	if s.Crowded != nil {
		words = append(words, fmt.Sprint("crowded ", s.Crowded))
	}
	if s.Sparse {
		words = append(words, "sparse")
	}
	if s.Subnet {
		words = append(words, "subnet")
	}
	if s.Stale {
		words = append(words, "stale")
	}
	return strings.Join(words, ", ")
}

// HeldHere is the Reason of a Lookup that asked nobody: this node had what was looked for.
const HeldHere = "held here"

// A Step is one event of a lookup.
type Step struct {
	At       time.Duration // since the lookup began
	Kind     string        // asked, answered, failed, set aside, found, ended
	Peer     identity.ID
	Address  identity.Address
	NamedBy  identity.ID // the peer that named it first; zero: it was in the searcher's table
	Distance int         // bits of the XOR distance to the target
	Hop      int
	Round    int
	Path     int           // of disjoint paths, from 0
	Elapsed  time.Duration // answered, found, failed, set aside: since the peer was asked; ended: of the lookup
	Named    int           // answered: contacts in the answer
	New      int           // answered: contacts among them that the lookup did not know
	Reason   string        // ended: as Lookup.Reason
}

// A Pong is a peer's answer to a ping.
type Pong struct {
	Address  identity.Address // of the peer that answered, with its ID
	RTT      time.Duration    // round trip time of the ping; it includes a first contact
	Observed identity.Address // where the peer saw this node
	Serves   bool             // the peer is a server
	Lookup   *Lookup          // if the peer had to be found first

	Protocols     []string // from Node.Protocols: up to 16 names of those that the peer handles, ascending
	MoreProtocols bool     // likewise: it handles others too
}

// A Peer is a peer that has answered this node.
type Peer struct {
	ID       identity.ID      `json:"peer"`
	Address  identity.Address `json:"address"`
	Distance int              `json:"distance"` // bits of the XOR distance: in a Closest to its target, otherwise to this node
}

// Found is a peer that FindPeer found. It has answered at the address. Its Distance is to
// this node. If there is an error, only the peer's ID is set.
type Found struct {
	Peer   Peer
	Lookup Lookup
}

// Closest is the nodes that answered and are nearest to a target, nearest first.
type Closest struct {
	Target string // position, in hex
	Peers  []Peer
	Lookup Lookup
}

// PutOptions says how to put a record. With the zero value, the record has the sequence
// after the highest one found, and lives for store.DefaultTTL.
type PutOptions struct {
	TTL       time.Duration // lifetime of the record; 0: store.DefaultTTL. Holders limit it to store.MaxTTL
	Sequence  *uint64       // nil: one more than the highest found
	CAS       *uint64       // compare and swap: a node stores it only if it holds this sequence (0: no record)
	Ephemeral bool          // do not publish it again: the record expires after its TTL
}

// Stored is the result of a put or a provide.
type Stored struct {
	Key        string
	Sequence   uint64 // of the record; 0 after a provide
	Holders    int    // nodes that confirmed it, including this one
	SelfHolder bool   // this node is one of the holders
	// Published: this node publishes it again before it expires. It does not if the
	// lifetime is shorter than the 22 hours between publications.
	Published bool
	// KeptHere: only this node has it, though others should; the error is ErrKeptHere. If
	// that is because nobody answered, it is published as soon as somebody does.
	KeptHere bool
	// Created: after a put, nobody who was asked held a record before; not known, and false,
	// if the put has a Sequence or its namespace has none. After a provide, this node did not
	// provide the key before.
	Created   bool
	Refusals  map[string]int // nodes that were asked and refused, by reason
	RefusedBy []Refusal      // nodes that were to hold it and do not, those that did not answer too
	Expires   time.Time      // unless it is published again
	Lookup    Lookup

	provide bool // by Provide: its JSON has no sequence
}

// A Refusal says why a node that was to hold a record or a provider entry does not.
type Refusal struct {
	Peer    identity.ID      `json:"peer"`
	Address identity.Address `json:"address,omitzero"` // zero: it is this node
	Reason  string           `json:"reason"`           // a status of wire.md, section 7, or NotAnswered
}

// NotAnswered is the Reason of a Refusal by a node that did not answer.
const NotAnswered = "no answer"

// GetOptions says how to get a record.
type GetOptions struct {
	// Quorum is the number of valid answers to compare, of different subnets, or of peers at
	// local addresses; the best of them is returned, or of fewer, if the lookup ends with
	// fewer. 0: three, or one where the key determines the value (/imm and /pk). Holders of
	// an older record are repaired if it was given, and is above 1.
	Quorum int
	// Fresh asks all nodes near the key, so that no few of them can hide a newer value, and
	// repairs holders of an older one.
	Fresh bool
	// NoStore stores nothing at other nodes: neither a copy nor a repair.
	NoStore bool
}

// Value is the result of a get.
type Value struct {
	Key       string
	Value     []byte
	Sequence  uint64
	Publisher identity.ID // zero: the namespace has none
	From      identity.ID // the peer that had it; this node's own ID if it held the value itself
	Answers   int         // nodes that gave a valid record so far, this one included
	Expires   time.Time   // unless it is published again
	Lookup    Lookup
}

// ProvidersOptions says how to look for providers.
type ProvidersOptions struct {
	Max    int     // stop after this many; 0: no limit
	Lookup *Lookup // if not nil, set when the sequence has ended, not by an error
	More   *bool   // if not nil, set likewise: there may be more, see Providers
}

// A Provider is a peer that has announced, with its signature, that it provides a key.
type Provider struct {
	Peer    identity.ID
	Address identity.Address
	Expires time.Time
}

// Providers is the whole result of a lookup of providers, as kad providers prints it.
type Providers struct {
	Key       string
	Providers []Provider
	More      bool // there may be more: Max was reached, a holder had all the 256 that it keeps, or one failed half way
	Lookup    Lookup
}

// A Message is a message of a peer, as a handler gets it.
type Message struct {
	From     identity.Address // the authenticated ID, and the address it came from
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
// removed (both of the routing table), mode changed, record stored, records expired, lookup
// step, joined, address changed (Peer is then this node); and of peers that the node knows,
// see Node.Peers: peer met (for the first time), peer moved, peer silent (it did not answer a
// request), peer returned (it was silent, or had left), peer left (it has said that it ends);
// and message, to a reader who asked for copies.
type Event struct {
	At      time.Time
	Kind    string
	Peer    identity.Address
	Was     identity.Address // peer moved: where it was
	Mode    string           // mode changed: to what
	Key     string           // of the record
	Count   int              // records expired: how many; joined: contacts in the table
	Lookup  uint64           // lookup step: tells lookups apart; 0: one of the node's own
	Purpose string           // lookup step: what the lookup is for, see LookupStats
	Step    *Step            // lookup step
	Dropped uint64           // events lost before this one: nobody read in time

	Message *Message // message: a copy of one that came in (Node.EventsOf)
}
