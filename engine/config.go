package engine

import (
	"math/rand/v2"
	"net/netip"

	"kadmium/identity"
	"kadmium/kbucket"
	"kadmium/lookup"
	"kadmium/rpc"
	"kadmium/store"
)

// A Mode says whether a node serves others (design R4.2, R7.7).
type Mode uint8

// The modes. A node in mode Auto starts as a client and becomes a server once a peer has
// dialed back.
const (
	Auto Mode = iota
	Client
	Server
)

var modeNames = [...]string{"auto", "client", "server"}

// String is the mode's name as the command line spells it.
func (m Mode) String() string {
	if int(m) >= len(modeNames) {
		return "unknown"
	}
	return modeNames[m]
}

// DefaultK is the size of a bucket where the Config does not say.
const DefaultK = 20

// Config is the configuration of an engine. The zero value of each optional field means
// its default.
type Config struct {
	Self          identity.ID                     // the node's peer ID
	Position      identity.Position               // zero: Self.Position(); the simulator sets others
	Endpoint      netip.AddrPort                  // the address in provider entries, until peers have said where they see this node
	Mode          Mode                            // Auto by default
	Reachable     bool                            // Auto: be a server from the start (on loopback, or the first node of its network; design R7.9)
	Seeded        bool                            // it has peers to join through, though maybe none in Bootstrap yet
	Families      rpc.Families                    // address families that it can send to; 0: both
	Durable       bool                            // acknowledge a write only after Persisted
	Bootstrap     []identity.Address              // pinged by a join, and again when the node is alone
	K             int                             // size of a bucket and of an answer, and holders of a value; DefaultK by default
	Alpha         int                             // requests in flight in a lookup; 3 by default
	DisjointPaths int                             // of a lookup (S/Kademlia); 1 by default
	Lookup        func(lookup.Config) lookup.Rule // makes the rule of a lookup; nil: lookup.NewRegion
	PerSubnet     int                             // contacts of one subnet that a lookup takes from answers: 1, or 2 by default
	Size          float64                         // estimate of the network's size that it begins with; 0: that of its table
	Table         func() kbucket.Policy           // makes the routing table's policy; nil: kbucket.Preferring, with bits of the position, which others know, for a secret
	Namespaces    *store.Namespaces               // which of two records wins
	Store         *store.Config                   // limits of what is stored; nil: the usual
	Scratch       *Scratch                        // that it shares with others; nil: one of its own

	// SignRecord and SignProvider sign in this node's name, if they are set. They must be
	// pure.
	SignRecord   func(*rpc.Record)
	SignProvider func(*rpc.Provider)

	// Protocols are the application protocols that have a handler, ascending; more says
	// that others are handled too. Nil: there are none.
	Protocols func() (names []string, more bool)

	// Refused reports whether the driver's system refused to send a try of a request that
	// is outstanding (design R4.25). Nil: it never does.
	Refused func(requestID uint64) bool
}

// random is the source of jitter, sampling and request IDs. Outside the simulator it must
// be unpredictable (ChaCha8 from a random seed).
type random = *rand.Rand
