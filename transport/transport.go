package transport

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/session"
)

// A Transport sends and receives the datagrams of one node. All methods are safe for
// concurrent use.
type Transport struct {
	self     identity.ID
	endpoint *session.Endpoint
	handler  func(*Inbound)
	left     func(identity.Address)
	usedKey  func(netip.AddrPort)
	serves   func() bool
	now      func() time.Time
	after    func(time.Duration, func()) func() bool
	log      *slog.Logger
	limits   limits
	sockets  []*socket
	workers  workers
	loops    sync.WaitGroup
	ending   atomic.Bool   // closed, for the read loops
	end      chan struct{} // closed by Close
	bind     func(netip.AddrPort) (net.PacketConn, error)
	failed   func(error)
	count    counters

	strangers strangers

	mu          sync.Mutex // protects what follows, and every Session
	started     bool
	closed      bool
	table       *session.Table
	outstanding outstanding
	gate        *session.Gate
	noSessions  *session.HostLimiter
	unanswered  session.Unanswered
	stopExpiry  func() bool // of the timer of expireLater; nil: not set
	malformed   map[string]uint64
}

// New checks the configuration and prepares the sockets; nothing is read before
// Start. Its error is ErrBadConfig, or the system's about a socket; the Conns are
// then left open.
func New(cfg Config) (*Transport, error) { return newTransport(cfg, defaultLimits()) }

func newTransport(cfg Config, l limits) (*Transport, error) {
	if cfg.Key.IsZero() || len(cfg.Conns) == 0 || cfg.Handler == nil {
		return nil, fmt.Errorf("%w: a key, a socket and a handler are needed", ErrBadConfig)
	}
	t := &Transport{
		self: cfg.Key.ID(), handler: cfg.Handler, left: cfg.Left, usedKey: cfg.UsedKey, serves: cfg.Serves, now: cfg.Now, after: cfg.AfterFunc,
		log: cfg.Logger, limits: l, bind: cfg.Bind, failed: cfg.Failed, end: make(chan struct{}),
		noSessions: session.NewHostLimiter(session.NoSessionRate, session.NoSessionBurst),
	}
	if t.left == nil {
		t.left = func(identity.Address) {}
	}
	if t.serves == nil {
		t.serves = func() bool { return false }
	}
	if t.now == nil {
		t.now = time.Now
	}
	if t.after == nil {
		t.after = func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }
	}
	if t.log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	network, err := session.NewNetwork(cfg.Network)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadConfig, err)
	}
	if t.gate, err = session.NewGate(rand.Reader); err != nil {
		return nil, err
	}
	t.endpoint = session.NewEndpoint(cfg.Key, network, mayOpen, rand.Reader)
	t.table = session.NewTable(t.self, l.sessions, l.halfOpen)
	t.table.Watch(t.logSession)
	t.outstanding = newOutstanding(l.outstanding)
	t.workers.maxUnverified, t.workers.maxRunning = l.unverified, l.workers
	for _, conn := range cfg.Conns {
		s, err := newSocket(conn)
		if err != nil {
			return nil, err
		}
		t.sockets = append(t.sockets, s)
	}
	return t, nil
}

// mayOpen is the rule of first contacts that package session asks for: which RPCs may
// open one (wire.md rules 1 and 2).
func mayOpen(t uint8, receiverKnown bool) bool { return rpc.Type(t).MayOpen(receiverKnown) }

// Start begins to read the sockets, one goroutine each.
func (t *Transport) Start() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.started || t.closed {
		return
	}
	t.started = true
	for _, s := range t.sockets {
		t.loops.Add(1)
		go t.readLoop(s)
	}
}

// Close closes the sockets and waits for the transport's goroutines, and so for a
// Handler that is running, but never for a peer. It may be called again. It must not
// be called from the Handler, or while holding a lock that the Handler waits for.
func (t *Transport) Close() error {
	t.mu.Lock()
	already := t.closed
	t.closed = true
	t.ending.Store(true)
	if t.stopExpiry != nil {
		t.stopExpiry()
	}
	t.mu.Unlock()
	var failed error
	if !already {
		close(t.end)
		for _, s := range t.sockets {
			if err := closeSocket(s); err != nil && failed == nil {
				failed = err
			}
		}
	}
	t.loops.Wait()
	t.workers.close()
	return failed
}

// Addrs is where the sockets are bound, wildcard addresses as they are.
func (t *Transport) Addrs() []netip.AddrPort {
	addrs := make([]netip.AddrPort, len(t.sockets))
	for i, s := range t.sockets {
		addrs[i] = s.at
	}
	return addrs
}

// Families is what the transport's sockets can reach.
func (t *Transport) Families() rpc.Families {
	var f rpc.Families
	for _, s := range t.sockets {
		f |= s.families
	}
	return f
}
