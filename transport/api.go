package transport

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
)

// Errors of a Transport.
var (
	// ErrClosed reports a Transport that was closed.
	ErrClosed = errors.New("transport closed")
	// ErrBadConfig reports a Config that cannot work.
	ErrBadConfig = errors.New("bad transport configuration")
	// ErrTooLarge reports a body that does not fit its datagram.
	ErrTooLarge = errors.New("body does not fit the datagram")
	// ErrBadRequest reports a request that no datagram could carry: no endpoint,
	// or a peer of unknown ID asked for something else than a PING.
	ErrBadRequest = errors.New("bad request")
	// ErrNoSocket reports an endpoint of a family that no socket has.
	ErrNoSocket = errors.New("no socket for the address family")
	// ErrTooManyFirstContacts reports an IP that was sent all the first contacts
	// it may get in a minute without ever answering (design, section 3, rule 7).
	ErrTooManyFirstContacts = errors.New("too many first contacts to an address that never answered")
	// ErrBusy reports a full index of outstanding requests or worker queue.
	ErrBusy = errors.New("transport busy")
	// ErrStale reports a reply that was made already, or whose request is forgotten.
	ErrStale = errors.New("request no longer waits for a reply")
)

// A Config says how a Transport is made. Key, Conns and Handler must be there.
type Config struct {
	Key     identity.Key
	Network string // the network's name; two networks never merge

	// Conns are the sockets, which the Transport owns from New on. A
	// *net.UDPConn is read and written without allocation, and on a wildcard
	// address answers from the address that was asked.
	Conns []net.PacketConn

	// Handler is called with each request and each awaited response, never with
	// a lock held: on the goroutine that read the datagram if it came under a
	// session, else on a worker. It may call the Transport, but not Close.
	Handler func(*Inbound)

	// Serves is what the flag serves says in the datagrams that the transport
	// sends by itself (the PING before a write). Nil means false.
	Serves func() bool

	Now       func() time.Time                                   // nil: time.Now
	AfterFunc func(d time.Duration, f func()) (stop func() bool) // nil: time.AfterFunc; may not call f itself
	Rand      io.Reader                                          // of keys, IDs and nonces; nil: crypto/rand
	Logger    *slog.Logger                                       // nil: silent
	Limits    Limits
}

// Limits bound what strangers can make a Transport hold or do. A zero field
// means its default.
type Limits struct {
	Sessions      int // live sessions; default 4096
	HalfOpen      int // first contacts answered but not yet confirmed; default 1024
	Outstanding   int // own requests in flight; default 4096
	PendingWrites int // own writes that wait for a session; default 256
	Answers       int // answers to writes remembered for their retries; default 4096
	Queue         int // first contacts waiting for a worker; default 256
	Workers       int // goroutines at most; default the number of CPUs, at least 2
	CookieAbove   int // waiting first contacts from which on a cookie is asked; default a quarter of Queue, negative: always
}

// An Inbound is a request, or a response to a request of ours.
type Inbound struct {
	From     identity.Address // the authenticated key, and the source endpoint
	ID       uint64           // of the request
	Type     rpc.Type
	Response bool
	Serves   bool // the sender is a server: put it in tables

	// Proven says that the sender has shown that it receives at the source
	// address. Before that it enters no table and is named to nobody.
	Proven bool

	// First says that a request is a first contact: anybody who saw it may have
	// sent it again.
	First bool

	Room      int            // requests: bytes the reply's body may have at most
	Observed  netip.AddrPort // responses to a first contact: where the peer saw us
	Ambiguous bool           // responses: the request was restarted, its round trip means nothing
	Body      []byte         // valid during the call
	Reply     ReplyTo        // requests: where the reply goes
}

// A Request is one RPC to a peer.
type Request struct {
	To     identity.Address // ID zero: unknown, then only PING, and any key may answer
	ID     uint64           // random; the same for every try
	Type   rpc.Type
	Serves bool
	Body   []byte // copied if it is kept
	Fresh  bool   // be a first contact even if there is a session (the last try)
}
