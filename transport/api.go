package transport

import (
	"errors"
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
	// or an RPC other than PING for a peer of unknown ID.
	ErrBadRequest = errors.New("bad request")
	// ErrNoSession reports a request that is to go under a session only, where there is none.
	ErrNoSession = errors.New("no session with the peer")
	// ErrNoSocket reports an endpoint of a family that no socket has.
	ErrNoSocket = errors.New("no socket for the address family")
	// ErrTooManyFirstContacts reports an IP that was sent all the first contacts
	// it may get in a minute without ever answering (wire.md rule 7).
	ErrTooManyFirstContacts = errors.New("too many first contacts to an address that never answered")
	// ErrBusy reports a full index of outstanding requests or worker queue.
	ErrBusy = errors.New("transport busy")
	// ErrSocket reports a socket that could neither be read nor bound anew for a minute.
	ErrSocket = errors.New("socket failed")
	// ErrStale reports a reply that was made already, or whose request is forgotten.
	ErrStale = errors.New("request no longer waits for a reply")
)

// A Config says how a Transport is made. Key, Network, Conns and Handler must be set.
type Config struct {
	Key     identity.Key
	Network string // the network's name; two networks never merge

	// Conns are the sockets, which the Transport owns from New on. A
	// *net.UDPConn is read and written without allocation, and on a wildcard
	// address answers from the address that was asked.
	Conns []net.PacketConn

	// Bind binds a socket anew at its address, after the Conn there could not be read.
	// Nil: the Conn is read again and again.
	Bind func(netip.AddrPort) (net.PacketConn, error)

	// Failed is told ErrSocket when a socket has failed for good. The Transport can no
	// longer do its work, and is to be closed, but not by Failed. Nil: nobody is told.
	Failed func(error)

	// Handler is called with each request, and with each response to a request of
	// this node, never with a lock held. If the datagram came under a session it
	// runs on the goroutine that read it, otherwise on a worker. It may call the
	// Transport, but not Close.
	Handler func(*Inbound)

	// Left is told that a peer has said that it ends, as Handler is told of requests. Nil:
	// nobody is told.
	Left func(identity.Address)

	// UsedKey is told where another node is that has this node's key, once a minute at
	// most. It may call the Transport, but not Close. Nil: nobody is told.
	UsedKey func(netip.AddrPort)

	// Serves is the flag serves of datagrams that the transport sends by itself:
	// the PING before a write. Nil means false.
	Serves func() bool

	Now       func() time.Time                                   // nil: time.Now
	AfterFunc func(d time.Duration, f func()) (stop func() bool) // nil: time.AfterFunc; may not call f itself
	Logger    *slog.Logger                                       // nil: no log
}

// An Inbound is a request, or a response to a request of this node.
type Inbound struct {
	From     identity.Address // the authenticated key, and the source endpoint
	ID       uint64           // of the request
	Type     rpc.Type
	Response bool
	Serves   bool // the sender is a server: it may enter the routing table

	// Proven says that the sender has shown that it receives at the source
	// address. Before that it does not enter the routing table and is not named to others (wire.md
	// rule 6).
	Proven bool

	// FirstContact says that a request is a first contact: it may be an old one that
	// somebody else recorded and sent again (wire.md rule 1).
	FirstContact bool

	// Left says that the sender has since said that it ends: this is late.
	Left bool

	Room      int            // requests: bytes the reply's body may have at most
	Observed  netip.AddrPort // responses to a first contact: where the peer saw this node
	Ambiguous bool           // responses: the request was restarted or waited, its round trip time means nothing
	Resent    bool           // responses: the transport itself sent the request more often than it was asked to
	Body      []byte         // valid during the call
	Reply     ReplyTo        // requests: where the reply goes
}

// A Request is one RPC to a peer.
type Request struct {
	To           identity.Address // ID zero: unknown, then only a PING may be asked, and any key may answer
	ID           uint64           // random; the same for every try
	Type         rpc.Type
	Serves       bool
	Body         []byte // copied if it is kept
	FirstContact bool   // be a first contact even if there is a session (the last try)
	UnderSession bool   // be no first contact, whatever a NOSESSION says: ErrNoSession if there is no session
}
