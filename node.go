package kadmium

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/rpc"
	"kadmium/store"
	"kadmium/store/disk"
	"kadmium/transport"
)

// A Node is one member of the network. All methods are safe for concurrent use.
type Node struct {
	key        identity.Key
	id         identity.ID // the key's
	network    string
	mode       Mode
	clock      Clock
	logger     *slog.Logger
	namespaces *store.Namespaces
	transport  *transport.Transport
	journal    *disk.Journal // nil: nothing touches the disk
	serves     atomic.Bool   // the mode in force is Server
	started    time.Time

	ctx     context.Context // ends when the node closes
	end     context.CancelFunc
	workers sync.WaitGroup // goroutines that Close waits for
	closing sync.Once
	closed  error // what Close returns; good once closing is done

	joined  chan struct{} // closed when the first join has ended
	joinErr error         // good once joined

	// mu protects what follows. It is taken before the transport's own locks. No
	// handler and no reader of a stream runs under it; a validator may.
	mu            sync.Mutex
	down          bool // the node is closed
	engine        *engine.Engine
	book          identity.Contacts
	sweepNext     int // size of the book at which it is next swept
	codec         rpc.Codec
	message       *rpc.Message    // scratch: the message being received
	arriving      arrival         // scratch: what is known of it
	body          []byte          // scratch: the body being encoded
	effects       []engine.Effect // scratch: of the call in progress
	followUps     []followUp
	wake          wake
	ticks         func() // tick, made once
	replies       replies
	checks        checks
	calls         map[engine.OpID]*call
	lastOp        engine.OpID
	handlers      map[string]Handler
	handling      int               // handlers that are running
	sought        map[uint64][]byte // by request ID: the keys of GET_PROVIDERS under way
	outlet        outlet
	listeners     map[*listener]struct{}
	eventsDropped uint64
	journalError  string // the last one logged; empty: writes succeed
}

// New makes a node: it reads the data directory, binds the sockets and starts.
// Joining by Config.Bootstrap goes on in the background, see Joined. Errors:
// ErrBadConfig, ErrAddressInUse, ErrInUse, ErrUnwritable, ErrCorrupt, ErrVersion,
// identity.ErrBadKeyFile; those about files name them.
func New(cfg Config) (_ *Node, err error) {
	var made undo
	defer func() {
		if err != nil {
			made.run()
		}
	}()
	made.close(cfg.Conns...)
	cfg, seeds, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	n := &Node{
		network: cfg.Network,
		mode:    cfg.Mode,
		clock:   cfg.Clock,
		logger:  cfg.Logger,
		outlet:  outlet{listen: cfg.ListenPacket},
		started: wall(cfg.Clock.Now()),
		joined:  make(chan struct{}),
		message: new(rpc.Message),
		calls:   make(map[engine.OpID]*call),
		sought:  make(map[uint64][]byte),
	}
	for protocol, h := range cfg.Handlers {
		n.Handle(protocol, h)
	}
	n.ticks = n.tick
	n.ctx, n.end = context.WithCancel(context.Background())
	made.add(n.end)
	if n.namespaces, err = cfg.namespaces(); err != nil {
		return nil, err
	}
	if err = n.openData(&cfg, &made); err != nil {
		return nil, err
	}
	conns := cfg.Conns
	if len(conns) == 0 {
		if conns, err = bind(cfg.ListenPacket, cfg.Listen); err != nil {
			return nil, err
		}
		made.close(conns...)
	}
	if n.transport, err = n.newTransport(conns, n.receive); err != nil {
		return nil, err
	}
	if err = n.newEngine(&cfg, seeds); err != nil {
		return nil, err
	}
	n.transport.Start()
	n.workers.Go(func() { n.bootstrap(seeds) })
	return n, nil
}

func (n *Node) newTransport(conns []net.PacketConn, handler func(*transport.Inbound)) (*transport.Transport, error) {
	t, err := transport.New(transport.Config{
		Key:       n.key,
		Network:   n.network,
		Conns:     conns,
		Handler:   handler,
		Serves:    n.serves.Load,
		Now:       n.clock.Now,
		AfterFunc: n.clock.AfterFunc,
		Logger:    n.logger,
	})
	if errors.Is(err, transport.ErrBadConfig) {
		err = fmt.Errorf("%w: %w", ErrBadConfig, err)
	}
	return t, err
}

func (n *Node) newEngine(cfg *Config, seeds []seed) error {
	var seed [32]byte
	crand.Read(seed[:])
	n.engine = engine.New(engine.Config{
		Self:          n.id,
		Endpoint:      n.Addresses()[0].Endpoint,
		Mode:          cfg.Mode,
		Reachable:     len(seeds) == 0 || onLoopback(n.transport.Addrs()),
		Bootstrap:     known(seeds),
		Families:      n.transport.Families(),
		K:             cfg.K,
		Alpha:         cfg.Alpha,
		DisjointPaths: cfg.DisjointPaths,
		Durable:       n.journal != nil,
		Namespaces:    n.namespaces,
		Store:         cfg.Limits.store(n.journal == nil),
		SignRecord:    n.signRecord,
		SignProvider:  func(p *rpc.Provider) { store.SignProvider(n.key, n.network, p) },
	}, &n.book, rand.New(rand.NewChaCha8(seed)), n.clock.Now())
	return n.load()
}

// Close ends the node: operations return ErrClosed, sockets and files are closed,
// what was acknowledged is on disk. It waits for no peer, nor for handlers, whose
// context ends. Further calls do nothing and return the same.
func (n *Node) Close() error {
	n.closing.Do(func() {
		n.shutDown()
		n.end()
		n.closed = n.transport.Close()
		n.closeOutlet()
		n.workers.Wait()
		if n.journal != nil {
			n.closed = errors.Join(n.closed, n.journal.Close())
		}
	})
	return n.closed
}

// shutDown ends all that waits for the engine, which is not called any more.
func (n *Node) shutDown() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.step(n.engine.SaveTable)
	n.down = true
	n.wake.stop()
	for _, c := range n.calls {
		c.err = ErrClosed
		n.ended(c)
	}
	for l := range n.listeners {
		n.dismiss(l)
	}
}

// ID is the node's peer ID.
func (n *Node) ID() identity.ID { return n.id }

// undo is how to take back what a half-made node consists of.
type undo []func()

func (u *undo) add(f func()) { *u = append(*u, f) }

func (u *undo) close(conns ...net.PacketConn) {
	for _, c := range conns {
		if c != nil {
			u.add(func() { c.Close() })
		}
	}
}

// run takes all back, last made first.
func (u undo) run() {
	for _, f := range slices.Backward(u) {
		f()
	}
}
