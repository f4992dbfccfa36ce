package rpc

import (
	"fmt"
	"net/netip"
	"time"
	"unicode/utf8"

	"kadmium/identity"
)

// Sizes that every implementation observes (design R3.10; wire.md, section 7).
const (
	MaxDatagram = 1232 // bytes of UDP payload: IPv6's minimum MTU of 1,280 less 48 of headers
	MaxKey      = 512  // bytes of a record's or provider's key
	MaxRecord   = 1000 // bytes of an encoded record with its key
	MaxTags     = 20   // tags of known contacts in a request
	MaxContacts = 20   // contacts in an answer
	MaxProtocol = 64   // bytes of a MESSAGE's protocol name
	MaxPayload  = 1024 // bytes of the payload of a MESSAGE, or of its reply

	MaxProtocols   = 16  // protocol names in the answer to a PING
	MaxDescription = 256 // bytes of a provider entry's description
	MaxSettled     = 8   // IDs of settled requests in a write
)

// CheckProtocol reports what is wrong with a protocol's name: ErrBadProtocol, or nil.
func CheckProtocol(name string) error {
	switch {
	case len(name) == 0 || len(name) > MaxProtocol:
		return fmt.Errorf("%w: %d bytes, want 1 to %d", ErrBadProtocol, len(name), MaxProtocol)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: %+q is not UTF-8", ErrBadProtocol, name)
	}
	return nil
}

// Families is the set of address families an asker can use; 0 means both.
type Families uint8

// The address families, as bits of a request's field. (The family byte of a
// packed contact is 4 or 6, see AppendContact.)
const (
	IPv4 Families = 1 << iota
	IPv6
)

// Has reports whether the asker can use the address.
func (f Families) Has(ip netip.Addr) bool {
	if f == 0 || f == IPv4|IPv6 {
		return true
	}
	if ip.Unmap().Is4() {
		return f&IPv4 != 0
	}
	return f&IPv6 != 0
}

// A Status is the outcome of a STORE, ADD_PROVIDER or MESSAGE.
type Status uint8

// The statuses (wire.md, section 7).
const (
	OK        Status = iota
	Older            // a better record is already held
	Invalid          // the record's namespace refuses it
	TooLarge         // over MaxKey or MaxRecord
	Full             // not stored now: no room, too many writes under way, or a client
	Unproven         // the sender's address has not been proven
	Conflict         // a compare-and-swap found another sequence
	NoHandler        // no handler for the MESSAGE's protocol
	Failed           // the handler, or the disk, failed
	Later            // not executed and not remembered: to be sent again under the same ID
	Working          // the handler has not answered yet: to be polled
	Forgotten        // a poll for a request that is not remembered
)

var statusNames = [...]string{"ok", "older", "invalid", "too large", "full", "unproven", "conflict", "no handler", "failed", "later", "working", "forgotten"}

// String is the status in words.
func (s Status) String() string {
	if int(s) >= len(statusNames) {
		return "unknown"
	}
	return statusNames[s]
}

// A Record is a value under a key, as it is sent and as it is held.
type Record struct {
	Key, Value []byte
	Sequence   uint64
	Publisher  identity.ID   // zero where the namespace has no publisher
	Signature  []byte        // 64 bytes where the namespace signs, otherwise none
	TTL        time.Duration // the remaining lifetime; whole milliseconds on the wire
}

// A Provider is a peer's signed statement that it provides a key.
type Provider struct {
	Key       []byte
	Peer      identity.Address // who provides, and where to reach it
	Sequence  uint64           // counted by the provider: higher replaces lower
	TTL       time.Duration    // the remaining lifetime; whole milliseconds on the wire
	Signature []byte           // by Peer.ID, 64 bytes; it covers all fields but TTL

	Lifetime    uint32 // in seconds, from the signing; TTL is never more
	Description []byte // up to MaxDescription bytes
	Withdrawn   bool   // the peer no longer provides the key
}

// A Message is one request or response, decoded. Type and Response say which fields
// are used; the others are zero. Contacts are handles of the Book that was given to
// Decode.
type Message struct {
	Type     Type
	Response bool
	Serves   bool     // the sender is a server, and may be put into routing tables
	Families Families // request: of the contacts in the answer; 0 means both
	DialBack bool     // PING request: send a first contact back, from another address
	Poll     bool     // MESSAGE request: only ask for the answer to the request of this ID

	WantProtocols bool   // PING request: name the protocols that you handle
	MoreProtocols bool   // PING response: more are handled than Protocols has
	MoreProviders bool   // GET_PROVIDERS response: others are held
	CAS           bool   // STORE request: only if the held sequence is CASSequence
	Copy          bool   // STORE request: the sender holds the record, and does not publish it
	Status        Status // response to STORE, ADD_PROVIDER, MESSAGE
	More          bool   // response: contacts were left out to fit the datagram
	ID            uint64 // of the request; the response's is the same

	// Requests.
	Target      identity.Position // FIND_NODE: is sent; RPCs with a key: the position of the key
	Key         []byte            // FIND_VALUE, GET_PROVIDERS
	Known       []uint16          // tags of contacts to leave out, see Tag
	Failed      []uint16          // tags of contacts that the asker knows as dead (wire.md, section 7)
	Settled     []uint64          // MESSAGE, STORE: requests of which no datagram is under way
	CASSequence uint64            // with CAS; 0: only if none is held
	Provider    *Provider         // ADD_PROVIDER
	Protocol    string            // MESSAGE

	// GET_PROVIDERS: nil for a sample; otherwise 32 bytes, for the entries whose provider's
	// key is greater, ascending.
	ProvidersAfter []byte

	// Requests and responses.
	Record  *Record // in a STORE request, and in an answer to FIND_VALUE
	Payload []byte  // MESSAGE, request and response

	// Responses.
	Observed  netip.AddrPort     // where the request came from; in a first response the datagram's head has it
	Protocols []string           // PING: the protocols handled, ascending
	Contacts  []identity.Contact // FIND_NODE, FIND_VALUE, GET_PROVIDERS: closest first
	Providers []Provider         // GET_PROVIDERS; their Key is the request's
}

// Reset makes the message empty and keeps the memory of its slices.
func (m *Message) Reset() {
	*m = Message{
		Known: m.Known[:0], Failed: m.Failed[:0], Settled: m.Settled[:0],
		Protocols: m.Protocols[:0], Contacts: m.Contacts[:0], Providers: m.Providers[:0],
	}
}
