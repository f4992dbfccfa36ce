package engine

import (
	"time"

	"kadmium/identity"
	"kadmium/kbucket"
	"kadmium/rpc"
	"kadmium/store"
)

// An Engine is one node's protocol. It is made by New, and used by one caller at
// a time. Its maps, slices and most of its pointers are nil until needed, and those
// of requests and operations nil again once all are over: a process may hold a
// million engines, most of them at rest.
type Engine struct {
	cfg          Config
	book         identity.Book
	rnd          random
	table        *kbucket.Table
	store        *store.Store
	mode         Mode // Client or Server: what is in force
	tableUnsaved bool // the table changed since it was journalled

	requests     rpc.Requests
	spare        []*rpc.Message // messages of requests that are over
	activities   map[uint64]activity
	lastActivity uint64
	rtts         roundTrips
	typicalRTT   rpc.RTT // of all peers together
	retries      retryPolicy
	unresponsive unresponsive

	ops     map[OpID]operation
	lookups []*activeLookup // in the order of their deadlines
	upkeep  int             // lookups of the node's own under way

	withheld  map[uint64]func(error) // by batch: what waits for the journal
	lastBatch uint64

	tasks        [taskCount]taskState // one a rule
	outage       outage
	moved        map[identity.ID]identity.Contact // new addresses being checked, one a peer
	probes       probeQueue                       // contacts to be pinged, by time
	handovers    []handover
	newcomers    *newcomers // nil until somebody was
	reachability *reachability
	joining      int // joins under way

	counters Counters
	born     time.Time

	// Of the call in progress.
	now     time.Time
	fx      []Effect
	scratch []identity.Contact // scratch of nearest-contact queries, and of contacts let through from an answer
	reply   *rpc.Message       // the reply being made
}

// An activity asks things of peers and hears how each request went.
type activity interface {
	answered(r *rpc.Request, in *Inbound)
	failed(r *rpc.Request)
	overran(r *rpc.Request) // its expected round trip has passed
	contacts(keep func(identity.Contact))
}

// An operation is an activity that the driver began and may end.
type operation interface {
	cancel() *Result // what it had so far
	contacts(keep func(identity.Contact))
}

// New makes an engine. The book is shared with the driver, which interns the
// contacts of decoded messages in it; rnd must be the engine's own.
func New(cfg Config, book identity.Book, rnd random, now time.Time) *Engine {
	cfg.K = orDefault(cfg.K, 20)
	cfg.Alpha = orDefault(cfg.Alpha, 3)
	cfg.DisjointPaths = orDefault(cfg.DisjointPaths, 1)
	if cfg.Families == 0 {
		cfg.Families = rpc.IPv4 | rpc.IPv6
	}
	if cfg.Position == (identity.Position{}) {
		cfg.Position = cfg.Self.Position()
	}
	cfg.Store.Volatile = !cfg.Durable
	e := &Engine{
		born:  now,
		store: store.New(cfg.Store, cfg.Namespaces),
		cfg:   cfg,
		book:  book,
		rnd:   rnd,
		mode:  cfg.Mode,
		table: kbucket.New(cfg.Position, book, cfg.K),
	}
	if e.mode == Auto {
		e.mode = Client
		if cfg.Reachable {
			e.mode = Server
		}
	}
	return e
}

// enter begins a call: internals read the time and append effects through e.
func (e *Engine) enter(now time.Time, fx []Effect) { e.now, e.fx = now, fx }

// leave ends a call and hands the effects back to the caller.
func (e *Engine) leave() []Effect {
	fx := e.fx
	e.fx = nil
	return fx
}

func (e *Engine) emit(fx Effect) { e.fx = append(e.fx, fx) }

func (e *Engine) event(ev Event) {
	ev.At = e.now
	e.emit(Effect{Kind: Emit, Event: ev})
}

// Table is the engine's routing table, for reading between calls.
func (e *Engine) Table() *kbucket.Table { return e.table }

// Store is the engine's store, for reading between calls.
func (e *Engine) Store() *store.Store { return e.store }

// Mode is the mode in force: Client or Server.
func (e *Engine) Mode() Mode { return e.mode }
