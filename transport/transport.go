package transport

import (
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/session"
)

// A Transport is one node's end of the wire. All methods are safe for concurrent
// use.
type Transport struct {
	self     identity.ID
	endpoint *session.Endpoint
	handler  func(*Inbound)
	serves   func() bool
	now      func() time.Time
	after    func(time.Duration, func()) func() bool
	random   io.Reader
	log      *slog.Logger
	limits   Limits
	sockets  []*socket
	workers  workers
	loops    sync.WaitGroup
	ending   atomic.Bool // closed, for the read loops
	count    counters

	mu         sync.Mutex // protects what follows, and every Session
	started    bool
	closed     bool
	table      *session.Table
	calls      calls
	answers    answers
	gate       *session.Gate
	noSessions *session.HostLimiter
	unanswered session.Unanswered
	sweepStop  func() bool // nil: no sweep is due
	malformed  map[string]uint64
}

// New checks the configuration and prepares the sockets; nothing is read before
// Start. Its error is ErrBadConfig, or the system's about a socket; the Conns are
// then left open.
func New(cfg Config) (*Transport, error) {
	if cfg.Key.IsZero() || len(cfg.Conns) == 0 || cfg.Handler == nil {
		return nil, fmt.Errorf("%w: a key, a socket and a handler are needed", ErrBadConfig)
	}
	t := &Transport{
		self: cfg.Key.ID(), handler: cfg.Handler, serves: cfg.Serves, now: cfg.Now, after: cfg.AfterFunc,
		random: rand.Reader, log: cfg.Logger, limits: cfg.Limits.withDefaults(),
		noSessions: session.NewHostLimiter(session.NoSessionRate, session.NoSessionBurst),
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
	if cfg.Rand != nil {
		t.random = &lockedReader{source: cfg.Rand}
	}
	if t.log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	network, err := session.NewNetwork(cfg.Network)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadConfig, err)
	}
	if t.gate, err = session.NewGate(t.random); err != nil {
		return nil, err
	}
	t.endpoint = session.NewEndpoint(cfg.Key, network, mayOpen, t.random)
	t.table = session.NewTable(t.self, t.limits.Sessions, t.limits.HalfOpen)
	t.calls = newCalls(t.limits.Outstanding)
	t.answers.most = t.limits.Answers
	t.workers.most, t.workers.parallel = t.limits.Queue, t.limits.Workers
	for _, conn := range cfg.Conns {
		s, err := newSocket(conn)
		if err != nil {
			return nil, err
		}
		t.sockets = append(t.sockets, s)
	}
	return t, nil
}

// mayOpen is session's rule on first contacts, by the table of RPCs.
func mayOpen(t uint8, receiverKnown bool) bool { return rpc.Type(t).MayOpen(receiverKnown) }

func (l Limits) withDefaults() Limits {
	set := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	set(&l.Sessions, session.DefaultLive)
	set(&l.HalfOpen, session.DefaultHalfOpen)
	set(&l.Outstanding, 4096)
	set(&l.PendingWrites, 256)
	set(&l.Answers, 4096)
	set(&l.Queue, 256)
	set(&l.Workers, max(2, runtime.GOMAXPROCS(0)))
	set(&l.CookieAbove, max(1, l.Queue/4))
	return l
}

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

// Close closes the sockets and waits for the transport's own goroutines, also a
// Handler that is running, never for a peer. It may be called again, not from
// the Handler, and not while holding what the Handler waits for.
func (t *Transport) Close() error {
	t.mu.Lock()
	already := t.closed
	t.closed = true
	t.ending.Store(true)
	if t.sweepStop != nil {
		t.sweepStop()
	}
	t.mu.Unlock()
	var failed error
	if !already {
		for _, s := range t.sockets {
			if err := s.conn.Close(); err != nil && failed == nil {
				failed = fmt.Errorf("closing socket %v: %w", s.at, err)
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

// A lockedReader makes an injected source of randomness safe for the workers.
type lockedReader struct {
	mu     sync.Mutex
	source io.Reader
}

func (r *lockedReader) Read(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return io.ReadFull(r.source, b)
}
