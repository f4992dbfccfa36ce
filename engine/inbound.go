package engine

import (
	"net/netip"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// An Inbound is a message that arrived, authenticated and decoded.
type Inbound struct {
	From         identity.Contact // the peer whose key signed or sealed it, at its source address
	Message      *rpc.Message     // the caller's memory: the engine copies what it keeps
	Token        uint64           // of a request: names its reply
	Room         int              // of a request: bytes that the body of its reply may have
	Proven       bool             // the peer has shown that it receives at this address
	FirstContact bool             // a first contact: anybody may have sent it again, later
	Left         bool             // the peer has since said that it ends: this is late
	Resent       bool             // a response to a request that was sent more often than the engine said
	Ambiguous    bool             // a response whose round trip time says nothing (Karn's rule)
	Observed     netip.AddrPort   // where the answering peer saw this node; zero: it did not say
	RTT          time.Duration    // Receive sets it: the round trip time measured by a response; 0: none
	Awaited      bool             // Receive sets it: a response to a request in flight
	Invalid      error            // of the record or provider entry carried, by its namespace; nil: valid
}
