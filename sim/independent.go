package sim

import (
	"context"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/sim/report"
)

// On ideal tables a lookup by a node that is in no table does not change the network.
// So each lookup runs in a world of its own, whose clock begins at 0, and it makes no
// difference which worker runs it.

// A searcher runs lookups one after the other.
type searcher struct {
	*world
	values      bool                       // lookups are gets of values, each put before
	servers     map[identity.Contact]*node // that were asked in the present lookup
	serverPool  []*server                  // memory of servers, the first pooled of which are in use
	pooled      int
	lookup      int              // the number of the present lookup
	clients     identity.Contact // the first handle of its clients
	target      identity.Position
	groundTruth []identity.Contact
	rpcs        uint64
	samples     []report.Sample
	traced      *report.Trace // of the present lookup, if it is to be traced
	judging     bool          // lookups are judged by the honest nodes, too
	verdict     verdict       // of the present lookup
	verdicts    []verdict
	honest      []identity.Contact // the k closest honest nodes
	siege       *siege             // of one victim; nil: there is none
}

func newSearcher(cfg *Config, b *book, guest identity.Contact) *searcher {
	s := &searcher{world: newWorld(cfg, b), servers: make(map[identity.Contact]*node)}
	s.clients, s.values = guest, cfg.Workload == report.WorkloadValue
	s.nodeOf = s.node
	return s
}

// node is the node of a contact: the searcher's, or a server's, which it makes when the
// server is first asked.
func (s *searcher) node(c identity.Contact) *node {
	nd := s.servers[c]
	if nd == nil && s.down(c) {
		return nil
	}
	if nd == nil {
		v := s.server()
		nd = &v.node
		nd.contact, nd.role, nd.idle, nd.ideal = c, s.role(c), true, &v.idealTable
		if nd.role.runs() {
			v.random.Seed(hash(s.cfg.Seed, forEngine, uint64(c)), 0)
			nd.engine = s.newEngine(c, engine.Server, &v.random)
			if s.whole() {
				s.fillAll(nd, uint64(c))
			}
		}
		s.servers[c] = nd
	}
	if d := s.answering; d != nil && !d.message.Response && nd.ideal != nil && nd.role.runs() {
		s.fill(nd, uint64(c), &d.message.Target, s.cfg.K)
	}
	return nd
}

// A server is a node that only answers, and exists for one lookup.
type server struct {
	node
	idealTable
	random rand.PCG
}

// server is an empty server, in memory that an earlier lookup may have used.
func (s *searcher) server() *server {
	if s.pooled == len(s.serverPool) {
		s.serverPool = append(s.serverPool, new(server))
	}
	v := s.serverPool[s.pooled]
	*v = server{}
	s.pooled++
	return v
}

// run runs and measures one lookup, and makes its trace if that is wanted.
func (s *searcher) run(index int, traced bool) report.Sample {
	s.now, s.lookup = 0, index
	clear(s.servers)
	s.pooled = 0
	number := uint64(index)
	s.wire = hash(s.cfg.Seed, forWire, number)
	if s.values {
		return s.putAndGet(traced)
	}
	if s.cfg.Targets == report.TargetsNodes {
		s.target = *s.book.Position(identity.Contact(1 + below(hash(s.cfg.Seed, forTarget, number), s.book.servers)))
	} else {
		s.target = randomPosition(s.cfg.Seed, forTarget, number)
	}
	s.surround()
	client := s.client(s.clients, number, 1<<31|uint32(index))
	result, o := s.operate(client, func(op engine.OpID, effects []engine.Effect) []engine.Effect {
		return client.engine.Closest(s.clock(), op, s.target, effects)
	})
	s.rpcs += client.requests()
	s.leaveOff()
	if s.judging {
		s.judge(result, result.Contacts)
	}
	return s.measure(o, result, traced)
}

// whole reports whether tables are made as a whole, as crowded ones are read deeper (design
// R5.25).
func (s *searcher) whole() bool { return s.values || s.siege != nil || s.cfg.sybil() != nil }

// client is a fresh client at the handle, by a number of its own. Latencies are computed by
// the other number.
func (s *searcher) client(c identity.Contact, number uint64, latency uint32) *node {
	s.guest, s.guestNumber = c, latency
	s.book.positions[c-1] = randomPosition(s.cfg.Seed, forLookup, number)
	nd := &node{contact: c, client: true}
	nd.engine = s.newEngine(c, engine.Client, rand.NewPCG(hash(s.cfg.Seed, forEngine, 1<<32|number), 0))
	if s.whole() {
		s.fillAll(nd, 1<<32|number)
	} else {
		s.fill(nd, 1<<32|number, &s.target, s.cfg.seeds)
	}
	s.servers[c] = nd
	return nd
}

// operate runs an operation of a client to its end.
func (s *searcher) operate(client *node, start func(engine.OpID, []engine.Effect) []engine.Effect) (*engine.Result, *operation) {
	o := &operation{target: s.target, started: s.now, ended: never}
	const op = 1
	s.operations[op] = o
	s.perform(client, start(op, s.effects[:0]))
	for len(s.notes) == 0 {
		s.next()
	}
	result := s.notes[0].result
	s.notes = s.notes[:0]
	return result, o
}

// requests is how many a node has begun.
func (n *node) requests() uint64 {
	did := n.engine.Stats().Counters
	return did.Begun()
}

// leaveOff drops what is under way.
func (s *searcher) leaveOff() {
	for !s.queue.empty() {
		if e := s.queue.take(); e.datagram != nil {
			s.recycle(e.datagram)
		}
	}
}

// measure compares the result of the lookup with the ground truth.
func (s *searcher) measure(o *operation, r *engine.Result, traced bool) report.Sample {
	s.groundTruth = s.book.closest(s.groundTruth[:0], &s.target, s.cfg.K, func(n identity.Contact) bool { return s.role(n).findable() && !s.down(n) })
	sample, all := measure(o, r, s.groundTruth, s.book)
	sample.Number = s.lookup
	if traced {
		s.traced = report.NewTrace(s.target.String(), all, winner(r))
	}
	return sample
}

// garbagePercent is GOGC for independent lookups. The book and the samples stay alive,
// everything else becomes garbage with the lookup. It allows 256 MiB of garbage before a
// collection, within bounds.
func garbagePercent(b *book) int {
	const room = 1 << 28
	return min(max(100, 100*room/(len(identity.Position{})*len(b.positions))), 1000)
}

// independent runs all lookups of a run, on all cores.
func (r *run) independent(ctx context.Context) {
	cfg := &r.cfg
	workers := min(r.cores, cfg.Lookups)
	books, guest := r.newBooks(workers)
	r.book = books[0]
	searchers := make([]*searcher, workers)
	if r.cores == runtime.GOMAXPROCS(0) { // no other run shares the process
		defer debug.SetGCPercent(debug.SetGCPercent(garbagePercent(r.book)))
	}
	var next, ended atomic.Int64
	var group sync.WaitGroup
	for i := range searchers {
		s := newSearcher(cfg, books[i], guest(i))
		s.judging = r.judging
		searchers[i] = s
		group.Go(func() {
			for ctx.Err() == nil {
				lookup := int(next.Add(1)) - 1
				if lookup >= cfg.Lookups {
					return
				}
				s.samples = append(s.samples, s.run(lookup, false))
				if s.judging {
					s.verdicts = append(s.verdicts, s.verdict)
				}
				r.progress(r.stage, int(ended.Add(1)), cfg.Lookups)
			}
		})
	}
	group.Wait()
	var sum traffic
	for _, s := range searchers {
		r.report.RPCTotal += s.rpcs
		r.report.Events += s.events
		r.bytes += s.bytes
		sum.add(&s.traffic)
		r.samples = append(r.samples, s.samples...) // in no order
		r.verdicts = append(r.verdicts, s.verdicts...)
		s.samples, s.verdicts = nil, nil
	}
	if t := report.Traced(cfg.TraceOf, r.samples); t != nil { // it is run again
		s := searchers[0]
		s.run(t.Number, true)
		r.report.Trace = s.traced.Of(cfg.TraceOf, t.Number)
	}
	for i := range r.samples {
		r.virtual += r.samples[i].Latency
	}
	r.measured = r.virtual
	r.stopped = len(r.samples) < cfg.Lookups
	r.report.Work = sum.work()
	r.book.ground.known = nil
	r.report.Buckets = searchers[0].idealOccupancy()
	r.report.NodesUp = float64(cfg.Nodes)
	r.alive = searchers
}
