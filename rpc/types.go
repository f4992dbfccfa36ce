package rpc

import "time"

// A Type says what a request asks; its response has the same type.
type Type uint8

// The RPCs (Kademlia, section 2.3; wire.md, sections 1 and 7).
const (
	Ping         Type = 1 + iota // are you there, and where do you see me?
	FindNode                     // the k closest contacts to a target
	FindValue                    // a record, or closer contacts
	Store                        // keep a record
	AddProvider                  // keep a provider entry
	GetProviders                 // a sample of provider entries, and closer contacts
	AppMessage                   // MESSAGE: bytes for the application

	TypeLimit // one more than the highest: the length of an array that types index
)

// The least time to wait before a repeat, for requests that take the receiver longer
// than a read of its memory (design R3.16).
const (
	writeTimeout   = 500 * time.Millisecond // a signature is checked, a disk synced
	messageTimeout = time.Second            // a handler runs: 6 s with all tries
)

// types has one row for each RPC. A new RPC needs a constant above, a row here,
// its protobuf messages (pb/kad.proto, Codec) and their sizes (size.go).
var types = [TypeLimit]struct {
	name              string // in the spelling of the paper
	read              bool   // it changes nothing at its receiver
	query             bool   // a read that names contacts close to a target
	minTimeout        time.Duration
	request, response func(*Codec) body
}{
	0:            {name: "?"},
	Ping:         {name: "PING", read: true, request: pingRequest, response: pingResponse},
	FindNode:     {name: "FIND_NODE", read: true, query: true, request: query, response: answer},
	FindValue:    {name: "FIND_VALUE", read: true, query: true, request: query, response: answer},
	Store:        {name: "STORE", minTimeout: writeTimeout, request: storeRequest, response: outcome},
	AddProvider:  {name: "ADD_PROVIDER", minTimeout: writeTimeout, request: addProviderRequest, response: outcome},
	GetProviders: {name: "GET_PROVIDERS", read: true, query: true, request: query, response: answer},
	AppMessage:   {name: "MESSAGE", minTimeout: messageTimeout, request: messageRequest, response: outcome},
}

// Valid reports whether there is such an RPC.
func (t Type) Valid() bool { return t > 0 && t < TypeLimit }

// known is the type, 0 for an unknown one.
func (t Type) known() Type {
	if !t.Valid() {
		return 0
	}
	return t
}

// String is the RPC's name in the spelling of the paper, "?" for an unknown type.
func (t Type) String() string { return types[t.known()].name }

// IsRead reports whether the RPC changes nothing at its receiver.
func (t Type) IsRead() bool { return types[t.known()].read }

// IsQuery reports whether the RPC is a read that is answered with contacts close to a
// target, as lookups send it.
func (t Type) IsQuery() bool { return types[t.known()].query }

// MayOpen reports whether the RPC may be a first contact. Only a read may (wire.md
// rule 1), and only PING if the receiver's ID is not known (wire.md rule 2).
func (t Type) MayOpen(receiverKnown bool) bool {
	return t.IsRead() && (receiverKnown || t == Ping)
}

// MinTimeout is the least time to wait before the request is sent again, whatever the
// peer's round trip time.
func (t Type) MinTimeout() time.Duration { return types[t.known()].minTimeout }
