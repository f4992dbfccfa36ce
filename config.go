package kadmium

import (
	"log/slog"
	"net"
	"time"

	"kadmium/identity"
)

// Defaults of a Config (Kademlia, section 4; design, sections 2 and 5).
const (
	DefaultNetwork = "kadmium"
	DefaultListen  = "0.0.0.0:0" // all IPv4 interfaces, a port that the system picks
	DefaultK       = 20
	DefaultAlpha   = 3
)

// A Config says what node to make. Its zero value makes one with a key of its
// own for this run, on a free port, alone until Bootstrap is called.
type Config struct {
	// Key is the node's identity. The zero Key is the one kept in DataDir (made
	// there at the first start), or without DataDir one made for this run.
	Key identity.Key

	// Listen holds the addresses to bind, each a multiaddr
	// (/ip4/0.0.0.0/udp/4100) or IP:PORT; port 0 lets the system pick. Empty
	// means DefaultListen. Not used with Conns.
	Listen []string

	// Conns are sockets to use instead of binding Listen. The node owns them: it
	// closes them, also when New fails.
	Conns []net.PacketConn

	// Bootstrap holds peers to join by, each a multiaddr or HOST:PORT; host names
	// are resolved when they are used, and again at each retry.
	Bootstrap []string

	// DataDir is the directory that keeps records, providers, published keys, the
	// table and the identity over restarts and crashes; it is made if missing.
	// Empty: everything lives in memory and nothing touches the disk.
	DataDir string

	// Mode says whether others may keep this node in their tables. Default Auto.
	Mode Mode

	// Network names the network to be in; networks never merge. Default
	// DefaultNetwork.
	Network string

	// K is the size of a bucket and the number of nodes that hold a record,
	// default DefaultK. All nodes of a network should agree on it.
	K int
	// Alpha is the number of requests a lookup keeps in flight, default
	// DefaultAlpha.
	Alpha int
	// DisjointPaths is the number of disjoint paths of a lookup (S/Kademlia),
	// default 1.
	DisjointPaths int

	// Namespaces adds validators for the user's own keys, /NAME/..., by NAME. The
	// built-in v, imm, sig and pk cannot be replaced. Validators run on several
	// goroutines at once.
	Namespaces map[string]Validator

	// Limits bounds what the node keeps for others.
	Limits Limits

	// Clock is the node's time; nil is the system's.
	Clock Clock

	// Logger gets what a person running the node should know; nil discards it.
	Logger *slog.Logger
}

// Limits bounds what a node keeps for others. A zero field is its default.
type Limits struct {
	Records   int   // records held, default 50,000
	Bytes     int64 // bytes of records and provider entries held, default 64 MiB
	PerSource int   // records held from one peer, or from one subnet
	Providers int   // provider entries held, default 100,000
}

// A Clock tells a node the time. Both methods may be called concurrently.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f on a goroutine of its own once d has passed, unless stop
	// is called before; stop reports whether it came in time.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// A Validator checks the records of a namespace and picks the better of several.
// It has the shape of libp2p's: one written for it works unchanged.
type Validator interface {
	Validate(key string, value []byte) error
	Select(key string, values [][]byte) (int, error)
}

// A Mode says whether others may keep this node in their routing tables.
type Mode uint8

// The modes (design, section 7).
const (
	// Auto starts as a client and becomes a server once a peer could call back
	// from an address it had not been asked at; on loopback, or without
	// bootstrap peers, it is a server from the start.
	Auto Mode = iota
	// Client asks others, but is in nobody's table and holds nothing.
	Client
	// Server answers others and holds their records.
	Server
)

// String is the mode as ParseMode reads it.
func (m Mode) String() string { return [...]string{"auto", "client", "server"}[m] }
