package engine

import (
	"math/rand/v2"
	"net/netip"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
)

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

// The random source of jitter, sampling and request IDs; it must be
// unpredictable (ChaCha8 from a random seed) outside a simulator.
type random = *rand.Rand

func orDefault(n, def int) int {
	if n == 0 {
		return def
	}
	return n
}
