package kadmium

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"kadmium/driver"
	"kadmium/engine"
	"kadmium/identity"
	"kadmium/store"
)

// A Node is one member of the network. All methods are safe for concurrent use.
type Node struct {
	driver     *driver.Driver
	book       *identity.Contacts // the driver's: for functions that run with its mutex held
	id         identity.ID
	network    string
	mode       Mode
	clock      Clock
	namespaces *store.Namespaces
	started    time.Time
	limits     Limits
	listeners  listeners
	lostSteps  atomic.Uint64 // steps that WithSteps did not pass on
	closing    sync.Once
	closeErr   error // what Close returns; valid once closing is done
}

// New makes a node: it reads the data directory, binds the sockets and starts.
// Joining through Config.Bootstrap goes on in the background, see Joined. Errors:
// ErrBadConfig, ErrAddressInUse, ErrListen, ErrInUse, ErrUnwritable, ErrCorrupt, ErrVersion,
// ErrOtherNetwork, ErrOtherIdentity, identity.ErrBadKeyFile; those about files name them.
func New(cfg Config) (*Node, error) {
	n, err := newNode(cfg)
	if err != nil {
		for _, c := range cfg.Conns {
			if c != nil {
				c.Close()
			}
		}
		return nil, err
	}
	n.driver.Start()
	return n, nil
}

func newNode(cfg Config) (*Node, error) {
	cfg, seeds, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	var asleep func() time.Duration
	if cfg.Clock == nil {
		cfg.Clock, asleep, cfg.boot = systemClock{}, driver.Asleep, driver.Boot
	}
	n := &Node{
		network: cfg.Network,
		mode:    cfg.Mode,
		clock:   cfg.Clock,
		started: wall(cfg.Clock.Now()),
		limits:  cfg.Limits,
	}
	if n.namespaces, err = cfg.namespaces(); err != nil {
		return nil, err
	}
	n.driver, err = driver.New(driver.Config{
		Key:          cfg.Key,
		Network:      cfg.Network,
		DataDir:      cfg.DataDir,
		Conns:        cfg.Conns,
		Listen:       cfg.Listen,
		ListenPacket: cfg.ListenPacket,
		Bootstrap:    seeds,
		Engine: engine.Config{
			Mode:          engine.Mode(cfg.Mode),
			K:             cfg.K,
			Alpha:         cfg.Alpha,
			DisjointPaths: cfg.DisjointPaths,
			PerSubnet:     cfg.PerSubnet,
			Namespaces:    n.namespaces,
			Store:         cfg.Limits.store(),
		},
		Peers:     cfg.Limits.Peers,
		Handlers:  driverHandlers(cfg.Handlers),
		Event:     n.emit,
		Delivered: n.copyMessage,
		Now:       cfg.Clock.Now,
		Wall:      cfg.wall,
		Asleep:    asleep,
		Boot:      cfg.boot,
		AfterFunc: cfg.Clock.AfterFunc,
		Logger:    cfg.Logger,
	})
	if err != nil {
		return nil, err
	}
	n.id, n.book = n.driver.ID(), n.driver.Book()
	return n, nil
}

// Close ends the node: operations return ErrClosed, sockets and files are closed,
// what was acknowledged is on disk. It waits for no peer, nor for handlers, whose
// context ends. Further calls do nothing and return the same.
func (n *Node) Close() error {
	n.closing.Do(func() {
		n.listeners.close() // first: what the driver waits for may itself wait for its events to end
		n.closeErr = n.driver.Close()
	})
	return n.closeErr
}

// Failed is closed when the node can no longer do its work, because a socket could
// neither be read nor bound anew for a minute, or because the journal's file is damaged or
// no longer the node's; Err then says why. The node does not close itself: its owner is to
// Close it.
func (n *Node) Failed() <-chan struct{} { return n.driver.Failed() }

// Err is why Failed is closed: ErrSocket, ErrReplaced, ErrCorrupt; and nil before.
func (n *Node) Err() error { return n.driver.Err() }

// ID is the node's peer ID.
func (n *Node) ID() identity.ID { return n.id }

// Addresses are the node's addresses with its ID; a socket bound to all interfaces
// is given by each interface's own address.
func (n *Node) Addresses() []identity.Address { return n.driver.Addresses() }

// Bootstrap joins through the given peers, each a multiaddr or HOST:PORT, beside those
// that the node knows: it looks the node itself up and refreshes the farther buckets
// (Kademlia, section 2.3). It does not wait for a host name to resolve when another peer
// answers. Errors: ErrBadAddress; ErrNoAnswer, with ErrNoSocket where that is a reason.
func (n *Node) Bootstrap(ctx context.Context, addresses ...string) (Lookup, error) {
	seeds, err := driver.ParseSeeds(addresses)
	if err != nil {
		return Lookup{}, err
	}
	var lookup Lookup
	op := driver.Operation{Finish: func(r *engine.Result) { lookup = n.lookupOf(r) }}
	n.tellSteps(ctx, &op)
	return lookup, publicError(n.driver.Join(ctx, seeds, op))
}

// Joined waits until the first attempt to join has ended: nil if a peer answered
// or there was none to ask, ErrNoAnswer if no bootstrap peer did (the node goes
// on trying), with ErrNoSocket where that is a reason.
func (n *Node) Joined(ctx context.Context) error { return n.driver.Joined(ctx) }

// Rekey ends the use of all sessions before their hour is over (design R3.11):
// the next request to each peer is a first contact again, with fresh keys. What is
// under way still arrives, for up to session.OldLife.
func (n *Node) Rekey() { n.driver.Rekey() }

// run runs an operation of the driver; its errors are those of this package.
func (n *Node) run(ctx context.Context, op driver.Operation) error {
	n.tellSteps(ctx, &op)
	return publicError(n.driver.Run(ctx, op))
}

// stream is driver.Stream with the errors of this package.
func stream[T any](ctx context.Context, n *Node, op driver.Operation, pending *[]T, yield func(T, error) bool) {
	n.tellSteps(ctx, &op)
	driver.Stream(ctx, n.driver, op, pending, func(v T, err error) bool {
		return yield(v, publicError(err))
	})
}
