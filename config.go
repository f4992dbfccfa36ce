package kadmium

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"time"

	"kadmium/driver"
	"kadmium/engine"
	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
	"kadmium/store"
)

// Defaults of a Config (design R2.9, R4.1, R5.1).
const (
	DefaultNetwork = "kadmium"
	DefaultListen  = "0.0.0.0:0" // all IPv4 interfaces, a port that the system picks
	DefaultK       = 20
	DefaultAlpha   = 3
)

// KeyFile is the name of the file in a data directory that holds the identity.
const KeyFile = driver.KeyFile

// A Config says what node to make. Its zero value makes one with a new key for this
// run, on a free port, alone until [Node.Bootstrap] is called.
type Config struct {
	// Key is the node's identity. The zero Key means the one kept in DataDir (made
	// there at the first start), or without DataDir a new one for this run.
	Key identity.Key

	// Listen holds the addresses to bind, each a multiaddr
	// (/ip4/0.0.0.0/udp/4100) or IP:PORT; port 0 lets the system pick. Empty
	// means DefaultListen. Not used with Conns.
	Listen []string

	// Conns are sockets to use instead of binding Listen. The node owns them: it
	// closes them, also when New fails. A Conn that has the methods
	// ReadFromUDPAddrPort and WriteToUDPAddrPort is read and written by these: a type
	// that wraps a *net.UDPConn must not embed it.
	Conns []net.PacketConn

	// ListenPacket makes the node's sockets. Nil binds UDP sockets; [::] is then
	// IPv6 only, and can be used with 0.0.0.0 and the same port. A node with Conns
	// and without ListenPacket has no second socket to dial back from, for peers that
	// ask whether they can be reached.
	ListenPacket func(netip.AddrPort) (net.PacketConn, error)

	// Bootstrap holds peers to join through, each a multiaddr, with an IP or a name
	// (/dns4/HOST/udp/PORT, /dnsaddr/HOST), or HOST:PORT. Names
	// are resolved beside each other while the join goes on, and again each minute while
	// the node is alone; the addresses that the sockets reach are tried.
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
	// PerSubnet is how many contacts of one /24 (IPv6: /64) a lookup takes from answers: 2, the
	// default and the most, or 1. Lookups in a network of which many nodes are in one subnet
	// take longer with 1.
	PerSubnet int
	// DisjointPaths is the number of disjoint paths of a lookup (S/Kademlia),
	// default 1.
	DisjointPaths int

	// Namespaces adds validators for the user's own keys, /NAME/..., by NAME. A
	// built-in namespace cannot be replaced. Validators run on several
	// goroutines at once.
	Namespaces map[string]Validator

	// Handlers are the handlers of messages by protocol, in place before the first
	// datagram is read; [Node.Handle] changes them later. The empty protocol's handler
	// gets what no other takes.
	Handlers map[string]Handler

	// Limits bounds what the node keeps for others.
	Limits Limits

	// Clock is the node's time; nil is the system's, and time for which the machine sleeps
	// counts too.
	Clock Clock
	// Of the machine beside a Clock: the wall clock, and which start of the machine this
	// is. Nil: the wall clock is Clock, and the start is not known.
	wall func() time.Time
	boot func() (id string, since time.Duration)

	// Logger gets what a person running the node should know; nil discards it. At level info
	// that is the node's life, at warn what may need somebody, at error what does, at debug
	// also each lookup and session. Of one message it gets a line a minute at most, with the
	// number of those left out. Nothing waits for its Handler: up to 1,024 lines wait
	// themselves, and it is told how many more were lost.
	Logger *slog.Logger
}

// Limits bounds what a node keeps for others, and of others. A zero field is its default.
type Limits struct {
	Records   int // records held; store.DefaultMaxRecords
	Providers int // provider entries held; store.DefaultMaxProviders
	Bytes     int // bytes of live memory for both; store.DefaultMaxBytes. The process takes up to 2.5 times that, and the pages of the journal's file
	PerSource int // records stored for one subnet; a quarter of Records
	Peers     int // peers that it has met and remembers, of which each takes about 400 bytes; 1,024
}

func (l Limits) store() *store.Config {
	return &store.Config{
		MaxRecords:   l.Records,
		MaxProviders: l.Providers,
		MaxBytes:     l.Bytes,
		MaxPerSource: l.PerSource,
	}
}

// A Clock tells a node the time. Both methods may be called concurrently.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f on a goroutine of its own once d has passed, unless stop
	// is called before; stop reports whether it came in time.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// systemClock is the Clock of a Config that has none.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d, f).Stop
}

// A Validator checks the records of a namespace and picks the better of several.
// It is libp2p's: one written for it works unchanged. It is called by several
// goroutines at once, and must not call the node. A record at which it panics is refused.
type Validator interface {
	// Validate says whether the value may stand under the key; an error refuses it.
	Validate(key string, value []byte) error
	// Select is the index of the best of several valid values.
	Select(key string, values [][]byte) (int, error)
}

// A Mode says whether others may keep this node in their routing tables.
type Mode uint8

// The modes (design R7.7 to R7.9).
const (
	// Auto starts as a client and becomes a server once a peer could dial back
	// from an address that the node had not sent to; on loopback, or without
	// bootstrap peers, it is a server from the start.
	Auto = Mode(engine.Auto)
	// Client asks others, but is in nobody's table and holds nothing.
	Client = Mode(engine.Client)
	// Server answers others and holds their records.
	Server = Mode(engine.Server)
)

// String is the mode's name: auto, client or server.
func (m Mode) String() string { return engine.Mode(m).String() }

// ParseMode reads auto, client or server. Its error is ErrBadConfig.
func ParseMode(s string) (Mode, error) {
	for _, m := range []Mode{Auto, Client, Server} {
		if m.String() == s {
			return m, nil
		}
	}
	return Auto, fmt.Errorf("%w: mode %q: want auto, client or server", ErrBadConfig, s)
}

// Bounds of a Config's numbers.
const (
	maxK       = rpc.MaxContacts // an answer holds no more
	maxAlpha   = 64
	maxNetwork = 255 // bytes
)

// complete returns the Config with its defaults filled in, and its seeds. Its error is
// ErrBadConfig.
func (cfg Config) complete() (Config, []driver.Seed, error) {
	cfg.Network = cmp.Or(cfg.Network, DefaultNetwork)
	cfg.K = cmp.Or(cfg.K, DefaultK)
	cfg.Alpha = cmp.Or(cfg.Alpha, DefaultAlpha)
	cfg.DisjointPaths = cmp.Or(cfg.DisjointPaths, 1)
	cfg.PerSubnet = cmp.Or(cfg.PerSubnet, lookup.PerSubnet)
	if len(cfg.Listen) == 0 {
		cfg.Listen = []string{DefaultListen}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	seeds, err := driver.ParseSeeds(cfg.Bootstrap)
	if err != nil {
		return cfg, nil, fmt.Errorf("%w: bootstrap: %w", ErrBadConfig, err)
	}
	switch {
	case cfg.K < 1 || cfg.K > maxK:
		err = fmt.Errorf("%w: K is %d, want 1 to %d", ErrBadConfig, cfg.K, maxK)
	case cfg.Alpha < 1 || cfg.Alpha > maxAlpha:
		err = fmt.Errorf("%w: Alpha is %d, want 1 to %d", ErrBadConfig, cfg.Alpha, maxAlpha)
	case cfg.PerSubnet < 1 || cfg.PerSubnet > lookup.PerSubnet:
		err = fmt.Errorf("%w: PerSubnet is %d, want 1 to %d", ErrBadConfig, cfg.PerSubnet, lookup.PerSubnet)
	case cfg.DisjointPaths < 1 || cfg.DisjointPaths > lookup.MaxPaths:
		err = fmt.Errorf("%w: DisjointPaths is %d, want 1 to %d", ErrBadConfig, cfg.DisjointPaths, lookup.MaxPaths)
	case slices.Contains(cfg.Conns, nil):
		err = fmt.Errorf("%w: a Conn is nil", ErrBadConfig)
	case cfg.Mode > Server:
		err = fmt.Errorf("%w: no mode %d", ErrBadConfig, cfg.Mode)
	case len(cfg.Network) > maxNetwork:
		err = fmt.Errorf("%w: a network name of %d bytes, at most %d", ErrBadConfig, len(cfg.Network), maxNetwork)
	case min(cfg.Limits.Records, cfg.Limits.Providers, cfg.Limits.Bytes, cfg.Limits.PerSource, cfg.Limits.Peers) < 0:
		err = fmt.Errorf("%w: a limit is negative", ErrBadConfig)
	}
	return cfg, seeds, err
}

// namespaces returns the built-in namespaces and the Config's own.
func (cfg Config) namespaces() (*store.Namespaces, error) {
	n := store.NewNamespaces(cfg.Network)
	for name, v := range cfg.Namespaces {
		if err := n.Register(name, v); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBadConfig, err)
		}
	}
	return n, nil
}
