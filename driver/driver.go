package driver

import (
	"cmp"
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kadmium/engine"
	"kadmium/histogram"
	"kadmium/identity"
	"kadmium/kbucket"
	"kadmium/peerbook"
	"kadmium/rpc"
	"kadmium/session"
	"kadmium/store"
	"kadmium/store/disk"
	"kadmium/transport"
)

// Errors of a Driver.
var (
	// ErrBadConfig reports a Config that cannot be used as it is.
	ErrBadConfig = errors.New("bad configuration")
	// ErrAddressInUse reports a UDP address that another socket holds.
	ErrAddressInUse = errors.New("address in use")
	// ErrListen reports an address that cannot be bound for another reason.
	ErrListen = errors.New("cannot listen")
	// ErrNoSocket reports an address of an IP version that the node does not listen on.
	ErrNoSocket = errors.New("no socket reaches it")
	// ErrOtherPeer reports an address at which another peer answers than the one named.
	ErrOtherPeer = errors.New("another peer lives there")
	// ErrOnlyClients reports that peers answer, and that all of them are clients.
	ErrOnlyClients = errors.New("all peers that answer are clients, which serve nobody")
	// ErrClosed reports a call to a Driver that was closed.
	ErrClosed = errors.New("node is closed")
)

// A Config says what to drive. All fields without a default are required.
type Config struct {
	Key     identity.Key // zero: the key of DataDir, or without DataDir a new one
	Network string       // name of the network, 1 to 255 bytes
	DataDir string       // empty: nothing touches the disk

	// Conns are the sockets to use. Without any, Listen holds the addresses to bind,
	// each a multiaddr or IP:PORT. The Driver owns Conns once New has succeeded.
	Conns  []net.PacketConn
	Listen []string
	// ListenPacket binds a socket. Nil binds UDP sockets; with Conns, nil means that
	// there is no second socket to dial back from.
	ListenPacket func(netip.AddrPort) (net.PacketConn, error)

	Bootstrap []Seed   // peers to join through
	Resolver  Resolver // looks their names up

	// InterfaceAddrs are the addresses of the machine's interfaces. Nil asks the system.
	InterfaceAddrs func() ([]net.Addr, error)

	// Engine configures the engine. New sets Self, Endpoint, Reachable, Bootstrap, Seeded,
	// Families, Durable, SignRecord, SignProvider and Refused, Table unless it is set, and
	// Store.Volatile, Store.CheckLoaded and Store.MayRevive.
	Engine engine.Config

	Peers    int                 // how many peers that it has met the driver remembers; 0: DefaultPeers
	Handlers map[string]Handler  // as set by Handle
	Event    func(*engine.Event) // is told each event; it runs with the mutex held
	// Delivered is told each message that comes in, whether or not it has a handler; it runs
	// with the mutex held. Nil: nobody is told.
	Delivered func(from identity.Address, protocol string, payload []byte)

	Now func() time.Time
	// Wall is the wall clock. Nil: it is Now, without a monotonic reading.
	Wall func() time.Time
	// Asleep is for how long the machine has slept, which Now does not count. Nil: never.
	Asleep func() time.Duration
	// Boot tells one start of the machine from another, and the time since it, time asleep
	// included. Nil: it is not known.
	Boot      func() (id string, since time.Duration)
	AfterFunc func(d time.Duration, f func()) (stop func() bool) // f runs on its own goroutine
	Logger    *slog.Logger
}

// A Driver runs one engine. All methods are safe for concurrent use.
type Driver struct {
	key            identity.Key
	id             identity.ID // the key's
	network        string
	namespaces     *store.Namespaces
	k              int // size of a bucket
	seeds          []Seed
	ownSeeds       []netip.AddrPort // bootstrap peers that are this node, by their address or ID
	resolver       Resolver
	listenPacket   func(netip.AddrPort) (net.PacketConn, error) // nil: there are no other sockets
	event          func(*engine.Event)
	interfaceAddrs func() ([]net.Addr, error)
	delivered      func(from identity.Address, protocol string, payload []byte)
	clock          *clock
	now            func() time.Time // of clock
	afterFunc      func(time.Duration, func()) func() bool
	position       func(identity.ID) identity.Position // hashes a peer that is listed
	log            *Log
	ownLog         bool         // nobody else closes it
	logger         *slog.Logger // to log
	unlimited      *slog.Logger // the same, for what has a limit of its own
	linesLost      atomic.Uint64
	transport      *transport.Transport
	journal        *disk.Journal // nil: nothing touches the disk
	serves         atomic.Bool   // the mode in force is Server
	panics         panics

	ctx      context.Context // ends when the driver closes
	end      context.CancelFunc
	workers  sync.WaitGroup // goroutines that Close waits for
	closing  sync.Once
	closeErr error // what Close returns; valid once closing is done

	failing sync.Once
	failed  chan struct{} // closed when a socket or the journal has failed for good
	err     error         // valid once failed is closed

	joined  chan struct{} // closed when the first join has ended
	joinErr error         // valid once joined is closed

	// mu protects the fields below. It is taken before the transport's locks. No
	// handler and no reader of a stream runs under it; a validator may.
	mu           sync.Mutex
	closed       bool // the driver is closed
	engine       *engine.Engine
	book         identity.Contacts
	greeted      time.Time // when namesakeNamed last sent a PING
	collectAt    int       // size of the book at which unused contacts are next removed
	codec        rpc.Codec
	message      *rpc.Message    // scratch: the message being received
	arriving     arrival         // scratch: what is known about it
	body         []byte          // scratch: the body being encoded
	effects      []engine.Effect // scratch: of the engine call in progress
	followUps    []engineCall
	timer        timer
	resumed      time.Time // when the last pause ended
	pending      pendingReplies
	once         atMostOnce
	validations  validations
	operations   map[engine.OpID]*running
	stepped      int // of operations, those with a Step
	lastOp       engine.OpID
	handlers     map[string]Handler
	handling     handling // of messages by their handlers
	messages     session.MessageLimiter
	providerKeys map[uint64][]byte // by request ID: the keys of outstanding GET_PROVIDERS
	dialer       dialer
	format       int    // of the journal's file, that of the first note included
	journalFault string // the cause of the last error logged; empty: writes succeed
	passing      passing
	lookups      endedLookups
	prober       prober
	peers        *peerbook.Book
	notes        peerbook.Notes
	givenSeeds   map[string]bool     // by Seed.String: whether it is this node itself, and nobody else
	rtts         histogram.Histogram // round trip times measured
	slept        time.Duration       // by the clock, when sessions last began anew
	clientsOnly  clientsOnly
	life         life
	interfaces   interfaces
}

// New makes a driver: it reads the data directory, binds the sockets and makes the
// engine. Nothing is received before Start. When it fails, sockets that it bound are
// closed, Conns are not. Errors: ErrBadConfig, ErrAddressInUse, ErrListen, disk.ErrInUse,
// disk.ErrUnwritable, disk.ErrCorrupt, disk.ErrVersion, disk.ErrOtherNetwork,
// disk.ErrOtherIdentity, identity.ErrBadKeyFile; those about files name them.
func New(cfg Config) (_ *Driver, err error) {
	var made undo
	defer func() {
		if err != nil {
			made.run()
		}
	}()
	d := &Driver{
		network:        cfg.Network,
		namespaces:     cfg.Engine.Namespaces,
		k:              cmp.Or(cfg.Engine.K, engine.DefaultK),
		seeds:          cfg.Bootstrap,
		resolver:       cfg.Resolver,
		listenPacket:   cfg.ListenPacket,
		event:          cfg.Event,
		interfaceAddrs: cfg.InterfaceAddrs,
		delivered:      cfg.Delivered,
		clock:          newClock(cfg.Now, cfg.Asleep, cfg.Wall),
		afterFunc:      cfg.AfterFunc,
		position:       identity.ID.Position,
		joined:         make(chan struct{}),
		failed:         make(chan struct{}),
		message:        new(rpc.Message),
		operations:     make(map[engine.OpID]*running),
		providerKeys:   make(map[uint64][]byte),
		rtts:           histogram.New(rttBounds),
		givenSeeds:     make(map[string]bool),
	}
	if d.listenPacket == nil && len(cfg.Conns) == 0 {
		d.listenPacket = listenUDP
	}
	if d.interfaceAddrs == nil {
		d.interfaceAddrs = net.InterfaceAddrs
	}
	d.now = d.clock.Now
	d.openLog(cfg.Logger)
	d.timer = timer{afterFunc: cfg.AfterFunc, fire: d.tick}
	d.namespaces.OnPanic(d.panicked)
	for protocol, h := range cfg.Handlers {
		if err = d.Handle(protocol, h); err != nil {
			return nil, fmt.Errorf("%w: handlers: %w", ErrBadConfig, err)
		}
	}
	d.ctx, d.end = context.WithCancel(context.Background())
	made.add(d.end)
	if err = d.openDataDir(cfg.DataDir, cfg.Key, &made); err != nil {
		return nil, err
	}
	if d.journal != nil {
		if err = d.readClockNote(cfg.Boot); err != nil {
			return nil, err
		}
	}
	conns := cfg.Conns
	if len(conns) == 0 {
		if conns, err = bind(d.listenPacket, cfg.Listen); err != nil {
			return nil, err
		}
		made.close(conns...)
	}
	if d.transport, err = d.newTransport(conns, d.receive, d.listenPacket, d.fail); err != nil {
		return nil, err
	}
	d.seeds = d.withoutSelf(d.seeds)
	if err = d.newEngine(cfg.Engine); err != nil {
		return nil, err
	}
	d.newPeers(cfg.Peers)
	if err = d.load(); err != nil {
		return nil, err
	}
	if err = d.claim(); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *Driver) newTransport(conns []net.PacketConn, handler func(*transport.Inbound), bind func(netip.AddrPort) (net.PacketConn, error), failed func(error)) (*transport.Transport, error) {
	t, err := transport.New(transport.Config{
		Key:       d.key,
		Network:   d.network,
		Conns:     conns,
		Bind:      bind,
		Failed:    failed,
		Handler:   handler,
		Left:      d.left,
		UsedKey:   d.keyUsed,
		Serves:    d.serves.Load,
		Now:       d.now,
		AfterFunc: d.afterFunc,
		Logger:    d.logger,
	})
	if errors.Is(err, transport.ErrBadConfig) {
		err = fmt.Errorf("%w: %w", ErrBadConfig, err)
	}
	return t, err
}

func (d *Driver) newEngine(cfg engine.Config) error {
	if d.journal != nil {
		owner, err := d.journal.Owner()
		if err != nil {
			return err
		}
		var limits store.Config
		if cfg.Store != nil {
			limits = *cfg.Store
		}
		limits.CheckLoaded = owner.Network == ""
		limits.MayRevive = d.passing.by > 0
		cfg.Store = &limits
	}
	cfg.Self = d.id
	cfg.Endpoint = d.Addresses()[0].Endpoint
	cfg.Reachable = len(d.seeds) == 0 || onLoopback(d.transport.Addrs())
	cfg.Bootstrap, _, _ = d.sortSeeds(d.seeds)
	cfg.Seeded = len(d.seeds) > 0
	cfg.Families = d.transport.Families()
	cfg.Durable = d.journal != nil
	cfg.Refused = d.transport.Refused
	cfg.Protocols = d.protocols
	cfg.SignRecord = d.SignRecord
	cfg.SignProvider = func(p *rpc.Provider) { store.SignProvider(d.key, d.network, p) }
	if cfg.Table == nil {
		secret := d.key.Secret("kadmium routing table")
		cfg.Table = func() kbucket.Policy { return kbucket.NewPreferring([16]byte(secret[:16])) }
	}
	var seed [32]byte
	crand.Read(seed[:])
	d.engine = engine.New(cfg, &d.book, rand.New(rand.NewChaCha8(seed)), d.now())
	return nil
}

// SignRecord signs a record that stands under this node's name, and leaves any other
// record as it is.
func (d *Driver) SignRecord(r *rpc.Record) {
	if publisher, ok := d.namespaces.Publisher(r.Key); ok && publisher == d.id {
		store.SignRecord(d.key, d.network, r)
	}
}

// Start begins to receive, and to join through the seeds of the Config. It is called
// once, after New.
func (d *Driver) Start() {
	d.listening()
	d.transport.Start()
	d.workers.Go(d.bootstrap)
}

// Close ends the driver: operations return ErrClosed, sockets and files are closed,
// what was acknowledged is on disk. The peers are told, once. It waits for no peer, nor for handlers, whose
// context ends. Further calls do nothing and return the same.
func (d *Driver) Close() error {
	d.closing.Do(func() {
		d.shutDown()
		d.end()
		d.transport.Leave()
		d.closeErr = d.transport.Close()
		d.closeDialer()
		d.workers.Wait()
		if d.journal != nil {
			d.closeErr = errors.Join(d.closeErr, d.journal.Close())
		}
		d.closeLog()
	})
	return d.closeErr
}

// shutDown ends everything that waits for the engine, which is not called any more.
func (d *Driver) shutDown() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.step(d.engine.SaveTable)
	d.closed = true
	d.timer.stop()
	for _, op := range d.operations {
		op.err = d.whyClosed()
		d.ended(op)
	}
}

// fail notes that a socket or the journal has failed for good.
func (d *Driver) fail(err error) {
	d.failing.Do(func() {
		d.err = err
		close(d.failed)
	})
}

// Failed is closed when a socket or the journal has failed for good; Err then says why. The driver does
// not close itself.
func (d *Driver) Failed() <-chan struct{} { return d.failed }

// Err is why Failed is closed, and nil before.
func (d *Driver) Err() error {
	select {
	case <-d.failed:
		return d.err
	default:
		return nil
	}
}

// whyClosed is ErrClosed, with what has failed if that is why.
func (d *Driver) whyClosed() error {
	if err := d.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrClosed, err)
	}
	return ErrClosed
}

// ID is the node's peer ID.
func (d *Driver) ID() identity.ID { return d.id }

// Book is the book of the contacts that the engine holds. It may be used only in
// functions that run with the driver's mutex held.
func (d *Driver) Book() *identity.Contacts { return &d.book }

// View runs f with the driver's mutex held, for reading the engine between calls.
func (d *Driver) View(f func(*engine.Engine)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(d.engine)
}

// HeldRecord hands over the result of a get that the engine would end at once, as the node
// holds the record, with the mutex held: the record is the store's own. It costs less than
// an operation.
func (d *Driver) HeldRecord(key []byte, found func(*engine.Result)) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false
	}
	r := d.engine.Held(d.now(), key)
	if r != nil {
		found(r)
	}
	return r != nil
}

// Rekey ends the use of all sessions (design R3.11): the next request to each
// peer is a first contact, with fresh keys. What is under way still arrives, for up
// to session.OldLife.
func (d *Driver) Rekey() { d.transport.Rekey() }

// undo holds how to release what a half-made driver owns.
type undo []func()

func (u *undo) add(f func()) { *u = append(*u, f) }

func (u *undo) close(conns ...net.PacketConn) {
	for _, c := range conns {
		u.add(func() { c.Close() })
	}
}

// run releases everything, last made first.
func (u undo) run() {
	for _, f := range slices.Backward(u) {
		f()
	}
}
