package engine

import (
	"slices"
	"time"

	"kadmium/identity"
	"kadmium/lookup"
	"kadmium/rpc"
)

// maxSaved bounds the contacts of an earlier run that a join pings (design R8.26).
const maxSaved = 20

// maxBootstrap bounds the bootstrap list as later joins add addresses to it (design R8.26).
const maxBootstrap = 64

// A join makes this node part of the network (Kademlia, section 2.3; design R7.3 to
// R7.6). It pings the known peers, looks this node up, and fills all buckets farther than
// the closest neighbour.
type join struct {
	e           *Engine
	owner       owner
	op          OpID
	waiting     int                       // peers pinged that have neither answered nor failed yet
	unresolved  int                       // names whose addresses the caller still looks up
	responders  []identity.Contact        // peers that answered
	fromCaller  map[identity.Contact]bool // the peers whose answers it waits for, and whether the caller named them
	lookup      *activeLookup             // of this node itself, while it runs
	farther     []int                     // buckets still to be filled
	fills       []*fill                   // buckets being filled
	introducing bool                      // the neighbours' answers are awaited
	result      *Result
	over        bool
}

// Join joins through the addresses given, those of the Config, and those of an earlier
// run. It finishes with ErrNoAnswer if none of them answered. If there are no addresses
// it finishes without an error: a network begins with one node.
func (e *Engine) Join(now time.Time, op OpID, addresses []identity.Address, fx []Effect) []Effect {
	return e.JoinByNames(now, op, addresses, 0, fx)
}

// JoinByNames is Join for a caller that looks names up meanwhile. It calls JoinThrough
// once for each of them; until then the join is not over for want of an answer, and
// needs none of them if somebody else answers (design R7.10).
func (e *Engine) JoinByNames(now time.Time, op OpID, addresses []identity.Address, names int, fx []Effect) []Effect {
	e.enter(now, fx)
	e.cfg.Seeded = e.cfg.Seeded || len(addresses) > 0 || names > 0
	e.join(op, addresses, names)
	return e.leave()
}

// JoinThrough tells the join what one of its names resolved to, which may be nothing.
// Where the join is over, the addresses begin another one.
func (e *Engine) JoinThrough(now time.Time, op OpID, addresses []identity.Address, fx []Effect) []Effect {
	e.enter(now, fx)
	if j, ok := e.ops[op].(*join); ok {
		j.unresolved--
		for _, a := range addresses {
			j.ping(a, true)
		}
		j.failIfSilent()
	} else if len(addresses) > 0 {
		e.join(0, addresses, 0)
	}
	return e.leave()
}

func (e *Engine) join(op OpID, addresses []identity.Address, names int) {
	j := &join{e: e, op: op, unresolved: names, fromCaller: make(map[identity.Contact]bool), result: new(Result)}
	if !e.begin(op, j) {
		return
	}
	j.owner = e.register(j, op)
	e.joining++
	e.counters.Joins++
	all := append(append(addresses[:len(addresses):len(addresses)], e.cfg.Bootstrap...), e.store.Table()...)
	saved := all[len(all)-e.savedContacts():]
	e.rnd.Shuffle(len(saved), func(i, j int) { saved[i], saved[j] = saved[j], saved[i] })
	for i, a := range all[:min(len(all), len(addresses)+len(e.cfg.Bootstrap)+maxSaved)] {
		if !slices.Contains(all[:i], a) {
			j.ping(a, i < len(addresses))
		}
	}
	if j.waiting == 0 && names == 0 {
		j.end()
	}
}

// ping asks a peer to join through, unless its answer is waited for already.
func (j *join) ping(a identity.Address, fromCaller bool) {
	if a.ID == j.e.cfg.Self {
		return
	}
	c := j.e.book.Intern(a)
	if _, asked := j.fromCaller[c]; asked {
		return
	}
	if j.e.ask(j.owner, c, j.e.newRequest(rpc.Ping)) {
		j.waiting++
		j.fromCaller[c] = fromCaller
	}
}

func (j *join) answered(r *rpc.Request, in *Inbound) {
	e := j.e
	j.responders = append(j.responders, in.From)
	// An address that the caller gave and that answered is tried again when the node is
	// alone.
	if a := e.book.Address(in.From); len(e.cfg.Bootstrap) < maxBootstrap && j.fromCaller[r.To] && !slices.Contains(e.cfg.Bootstrap, a) {
		e.cfg.Bootstrap = append(slices.Clip(e.cfg.Bootstrap), a)
	}
	delete(j.fromCaller, r.To) // the book may use its handle again
	j.settle()
	if len(j.responders) == 1 {
		j.lookUpSelf() // one peer is enough to begin
		e.greetFormer(func(c identity.Contact) bool { _, asked := j.fromCaller[c]; return asked })
	}
}

func (j *join) failed(r *rpc.Request) {
	delete(j.fromCaller, r.To)
	j.settle()
}

func (j *join) overran(*rpc.Request) {}

func (j *join) contacts(keep func(identity.Contact)) {
	for _, c := range j.responders {
		keep(c)
	}
	for _, step := range j.result.Trace { // of a lookup that is over
		keep(step.Contact)
		keep(step.NamedBy)
	}
}

func (j *join) settle() {
	j.waiting--
	j.failIfSilent()
}

// failIfSilent ends the join if nobody has answered and nobody is left who could.
func (j *join) failIfSilent() {
	if j.waiting == 0 && j.unresolved == 0 && len(j.responders) == 0 {
		j.result.Err = ErrNoAnswer
		j.end()
	}
}

func (j *join) lookUpSelf() {
	l := j.e.newLookup(j.op, ForJoin, rpc.FindNode, nil, j.e.cfg.Position)
	l.onEnd = func(reason lookup.Reason) {
		j.lookup = nil
		j.lookedUp(l, reason)
	}
	j.lookup = l
	l.start(j.responders...)
}

// lookedUp follows the end of the lookup of this node itself.
func (j *join) lookedUp(l *activeLookup, reason lookup.Reason) {
	j.result.Lookup, j.result.Trace = l.state.Stats(), l.trace
	if j.e.cfg.Mode != Client { // a client only needs some contacts (design R7.5)
		known, ok := l.covered(reason)
		for cpl := range j.e.table.Farther() {
			if !ok || cpl <= known {
				j.farther = append(j.farther, cpl)
			}
		}
		j.introducing = true
		j.e.introduce(j.op, l, func(*fanOut) {
			j.introducing = false
			j.endIfOver()
		})
	}
	j.fillNext()
}

// fillNext begins fills while fewer than maxUpkeep run.
func (j *join) fillNext() {
	for len(j.farther) > 0 && len(j.fills) < maxUpkeep && !j.over {
		cpl := j.farther[0]
		j.farther = j.farther[1:]
		f := j.e.newFill(j.op, cpl, func(f *fill) {
			j.fills = slices.DeleteFunc(j.fills, func(other *fill) bool { return other == f })
			j.fillNext()
		})
		j.fills = append(j.fills, f)
		f.start()
	}
	j.endIfOver()
}

// endIfOver ends the join if all buckets are filled and the neighbours have answered or
// failed.
func (j *join) endIfOver() {
	if len(j.farther) == 0 && len(j.fills) == 0 && !j.introducing && !j.over {
		j.end()
	}
}

func (j *join) cancel() *Result {
	j.over = true
	j.close()
	r := j.result
	if j.lookup != nil {
		r = j.lookup.cancel()
	}
	for _, f := range j.fills {
		f.stop()
	}
	return r
}

func (j *join) end() {
	j.over = true
	j.close()
	j.e.metNoServer = j.e.table.Len() == 0
	j.e.event(Event{Kind: Joined, N: j.e.table.Len()})
	j.e.finish(j.op, j.result)
}

func (j *join) close() {
	j.e.joining--
	j.e.unregister(j.owner)
}
