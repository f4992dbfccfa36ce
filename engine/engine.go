package engine

import (
	"cmp"
	"time"

	"kadmium/identity"
	"kadmium/kbucket"
	"kadmium/lookup"
	"kadmium/rpc"
	"kadmium/store"
)

// An Engine is one node's protocol. New makes it. It is not safe for concurrent use.
//
// A process of the simulator holds up to a million engines, most of them at rest. So
// maps, slices and most pointers are nil until they are needed, and those of requests and
// operations are nil again when all are over.
type Engine struct {
	cfg          Config
	book         identity.Book
	rnd          random
	table        *kbucket.Table
	store        *store.Store
	mode         Mode // in force: Client or Server
	tableUnsaved bool // the routing table has changed since it was journalled
	met          bool // there was a contact in the routing table
	metNoServer  bool // the last join left the routing table empty
	shares       bool // others use cfg.Scratch, too
	retries      retryPolicy

	requests      rpc.Requests
	activities    map[uint64]activity
	lastActivity  uint64
	rtts          roundTrips
	typicalRTT    rpc.RTT // of all peers together
	unresponsive  unresponsive
	queryFailures queryFailures
	settled       settledRequests

	ops     map[OpID]operation
	lookups []*activeLookup // in the order of their deadlines
	upkeep  int32           // lookups and fills of the node's own under way
	joining int32           // joins under way
	// answering is the share of answers of lookups lately, outside the region; 0: not known
	answering float32

	unsynced      *unsyncedWrites // nil: nothing waits for the journal
	lastPersistID uint64

	tasks        taskStates
	outage       outage
	moved        map[identity.ID]identity.Contact // new addresses being checked, one per peer
	probes       probeQueue                       // contacts to be pinged
	handovers    []*handover                      // one for each newcomer, who is sent something next first
	rejoining    *rejoining                       // nil until a contact was lost
	greeting     *greeting                        // nil unless one is under way
	newcomers    *newcomers                       // nil until there was one
	reachability *reachability
	own          *ownAddress
	kept         *keptWrites     // nil unless there are some
	sizes        *sizeEstimate   // nil until a lookup has told
	newest       newestSequences // nil until there are some

	counters counts
	born     time.Time

	now time.Time // during one call of an exported method
}

// An activity sends requests and learns how each of them ended.
type activity interface {
	answered(r *rpc.Request, in *Inbound)
	failed(r *rpc.Request)
	overran(r *rpc.Request) // not answered in time, and sent again: twice at most
	contacts(keep func(identity.Contact))
}

// An operation was begun by the driver, which may cancel it.
type operation interface {
	cancel() *Result // ends it; returns what it had found
	contacts(keep func(identity.Contact))
}

// New makes an engine. It shares the book with the driver, which interns the contacts of
// decoded messages in it. No other code may use rnd.
func New(cfg Config, book identity.Book, rnd random, now time.Time) *Engine {
	cfg.K = cmp.Or(cfg.K, DefaultK)
	cfg.Alpha = cmp.Or(cfg.Alpha, 3)
	cfg.DisjointPaths = cmp.Or(cfg.DisjointPaths, 1)
	if cfg.Lookup == nil {
		cfg.Lookup = lookup.NewRegion
	}
	cfg.Families = cmp.Or(cfg.Families, rpc.IPv4|rpc.IPv6)
	if cfg.Position == (identity.Position{}) {
		cfg.Position = cfg.Self.Position()
	}
	var limits store.Config
	if cfg.Store != nil {
		limits = *cfg.Store
	}
	limits.Volatile = !cfg.Durable
	e := &Engine{
		born:   now,
		store:  store.New(limits, cfg.Namespaces),
		cfg:    cfg,
		book:   book,
		rnd:    rnd,
		mode:   cfg.Mode,
		table:  kbucket.New(cfg.Position, book, cfg.K),
		shares: cfg.Scratch != nil,
	}
	if cfg.Table != nil {
		e.table.Follow(cfg.Table())
	} else {
		e.table.Follow(kbucket.NewPreferring([16]byte(cfg.Position[:16])))
	}
	if e.mode == Auto {
		e.mode = Client
		if cfg.Reachable {
			e.mode = Server
			e.ensureReachability().checkNext(e, now)
		}
	}
	return e
}

// enter begins a call of an exported method: the engine's code reads the time and appends
// effects through e.
func (e *Engine) enter(now time.Time, fx []Effect) { e.now, e.scratch().effects = now, fx }

// leave ends the call and returns the effects.
func (e *Engine) leave() []Effect {
	s := e.scratch()
	fx := s.effects
	s.effects = nil
	return fx
}

func (e *Engine) emit(fx Effect) { s := e.scratch(); s.effects = append(s.effects, fx) }

func (e *Engine) event(ev Event) {
	ev.At = e.now
	e.emit(Effect{Kind: ReportEvent, Event: ev})
}

// Table is the routing table, to be read between calls.
func (e *Engine) Table() *kbucket.Table { return e.table }

// Store is the store, to be read between calls.
func (e *Engine) Store() *store.Store { return e.store }

// Mode is the mode in force: Client or Server.
func (e *Engine) Mode() Mode { return e.mode }
