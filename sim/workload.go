package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/sim/report"
)

// A workload is what is asked of a network from outside.
type workload struct {
	start     time.Duration // behind the growth of the network
	warm      time.Duration // lookups begin then
	end       time.Duration
	gap       time.Duration // between the beginnings of two lookups
	choice    *rand.PCG
	providers []identity.Contact // nodes that have a key to sign with
	begun     int
	open      int // operations under way
	abandoned int // operations whose node left before their end
	keys      []*key
	values    report.Values
	holders   int
	samples   []report.Sample
	bytes     uint64 // sent before the start
	marks     int    // of the series
}

// A key is one that was stored.
type key struct {
	name      string
	value     []byte
	expires   time.Duration
	confirmed bool
	held      bool // at the end
}

// warmUp is the part of the duration before lookups begin where nodes come and go,
// at most maxWarmUp: the tables of the start are better than any that live.
const (
	warmUp    = 10
	maxWarmUp = time.Hour
)

// maxProviders bounds the nodes that provide something.
const maxProviders = 256

// prepare is what must be known before the first engine is made.
func (n *network) prepare() {
	w := &n.workload
	w.choice = source(n.cfg.Seed, forLookup)
	if n.cfg.Workload != report.WorkloadProvide && n.cfg.Workload != report.WorkloadMixed {
		return
	}
	for range min(maxProviders, n.book.servers) {
		c := identity.Contact(1 + below(w.choice.Uint64(), n.book.servers))
		if n.role(c) == honest {
			w.providers = append(w.providers, c)
			n.book.sign(n.cfg.Seed, c)
		}
	}
}

// plan puts the workload in.
func (n *network) plan() {
	w, cfg := &n.workload, n.cfg
	w.end = w.start + cfg.Duration
	w.warm = w.start
	if !cfg.Sessions.Always() {
		w.warm += min(cfg.Duration/warmUp, maxWarmUp)
	}
	if cfg.Lookups > 0 {
		w.gap = (w.end - w.warm) / time.Duration(cfg.Lookups)
		n.at(w.warm, n.begin)
	}
	n.at(w.start, func() {
		n.count()
		n.upTime = 0
		w.bytes = n.bytes
	})
	n.planSeries()
	if cfg.Keys > 0 {
		window := (w.warm - w.start) / 2
		if window == 0 {
			window = min(cfg.Duration/warmUp, maxWarmUp)
		}
		apart := window / time.Duration(cfg.Keys)
		for i := range cfg.Keys {
			n.at(w.start+apart*time.Duration(i), func() { n.put(i, true, nil) })
		}
	}
}

// begin begins a lookup of the workload, and arranges for the next.
func (n *network) begin() {
	w := &n.workload
	i := w.begun
	w.begun++
	if w.begun < n.cfg.Lookups {
		n.at(w.warm+w.gap*time.Duration(w.begun), n.begin)
	}
	what := n.cfg.Workload
	if what == report.WorkloadMixed {
		what = []string{report.WorkloadFind, report.WorkloadValue, report.WorkloadProvide}[i%3]
	}
	switch what {
	case report.WorkloadFind:
		n.find(i)
	case report.WorkloadValue:
		n.put(i, false, n.get)
	case report.WorkloadProvide:
		n.provide(i)
	case report.WorkloadDay:
		n.find(i)
		if k := n.someKey(); k != nil {
			n.get(k)
		}
	}
}

// call starts an operation of the workload on a node, and counts it as open.
func (n *network) call(nd *node, target identity.Position, start func(engine.OpID) []engine.Effect, then func(*call, *engine.Result)) {
	n.workload.open++
	c := &call{target: target, started: n.now}
	c.then = func(r *engine.Result) {
		n.workload.open--
		then(c, r)
	}
	c.gone = func() {
		n.workload.open--
		n.workload.abandoned++
	}
	n.carry(nd, start(n.op(nd, c)))
}

// next does something at once, but not within the call of an engine. It counts as
// open till then.
func (n *network) next(do func()) {
	n.workload.open++
	n.at(n.now, func() {
		n.workload.open--
		do()
	})
}

// find looks up a target.
func (n *network) find(i int) {
	nd := n.anybody()
	if nd == nil {
		return
	}
	target := randomPosition(n.cfg.Seed, forTarget, uint64(i))
	if n.cfg.Targets == report.TargetsNodes {
		if other := n.anybody(); other != nil {
			target = *n.book.Position(other.contact)
		}
	}
	n.call(nd, target, func(op engine.OpID) []engine.Effect {
		return nd.engine.Closest(n.clock(), op, target, n.effects[:0])
	}, func(c *call, r *engine.Result) { n.measure(nd, c, r, true) })
}

// measure takes in a lookup that has ended. One that searched for nodes is judged by
// those that it could have found.
func (n *network) measure(nd *node, c *call, r *engine.Result, judged bool) *report.Sample {
	n.truth = n.book.closest(n.truth[:0], &c.target, n.cfg.K, func(other identity.Contact) bool {
		return other != nd.contact && n.counts(other, c.started)
	})
	if !judged {
		r.Contacts = nil
	} else if r.Contacts == nil {
		r.Contacts = []identity.Contact{} // it found nobody, and is judged by that
	}
	s, all := measure(c, r, n.clock(), n.truth, n.book)
	w := &n.workload
	if best := (&longest{lookup: len(w.samples), hops: s.Hops}); best.better(n.longest) {
		best.trace = report.NewTrace(c.target.String(), all, winner(r))
		n.longest = best
	}
	w.samples = append(w.samples, s)
	return &w.samples[len(w.samples)-1]
}

// put stores a value from some node. What follows is get, with a search that counts.
func (n *network) put(i int, once bool, then func(*key)) {
	nd := n.anybody()
	if nd == nil {
		return
	}
	k := &key{name: fmt.Sprintf("/v/%d/%d", n.cfg.Seed, i)}
	k.value = fmt.Appendf(nil, "%064x", hash(n.cfg.Seed, forKey, uint64(i)))
	w := &n.workload
	w.keys = append(w.keys, k)
	w.values.Puts++
	q := engine.PutQuery{Key: []byte(k.name), Value: k.value, TTL: n.cfg.TTL, Ephemeral: once}
	n.call(nd, identity.KeyPosition(q.Key), func(op engine.OpID) []engine.Effect {
		return nd.engine.Put(n.clock(), op, q, n.effects[:0])
	}, func(_ *call, r *engine.Result) {
		if r.Err == nil {
			k.confirmed, k.expires = true, r.Expires.Sub(epoch)
			w.values.Confirmed++
			w.holders += r.Holders
		}
		if then != nil {
			n.next(func() { then(k) })
		}
	})
}

// someKey is a random key that ought to be there.
func (n *network) someKey() *key {
	w := &n.workload
	for range 10 {
		if len(w.keys) == 0 {
			break
		}
		if k := w.keys[below(w.choice.Uint64(), len(w.keys))]; k.confirmed && k.expires > n.now+engine.LookupTimeout {
			return k
		}
	}
	return nil
}

// get searches for a value from some node; in a day beside lookups of nodes, else it
// is the lookup that is measured.
func (n *network) get(k *key) {
	target := identity.KeyPosition([]byte(k.name))
	nd := n.elsewhere(&target)
	if nd == nil {
		return
	}
	w := &n.workload
	n.call(nd, target, func(op engine.OpID) []engine.Effect {
		return nd.engine.Get(n.clock(), op, engine.GetQuery{Key: []byte(k.name)}, n.effects[:0])
	}, func(c *call, r *engine.Result) {
		w.values.Gets++
		found := r.Err == nil && string(r.Record.Value) == string(k.value)
		if found {
			w.values.Found++
		}
		if n.cfg.Workload != report.WorkloadDay {
			n.measure(nd, c, r, false).Succeeded = found
		}
	})
}

// provide says that a node provides a key, and then looks for it from elsewhere.
func (n *network) provide(i int) {
	w := &n.workload
	var nd *node
	for range 100 {
		if len(w.providers) == 0 {
			return
		}
		nd = n.node(w.providers[below(w.choice.Uint64(), len(w.providers))])
		if nd != nil && nd.joined+settled <= n.now {
			break
		}
		nd = nil
	}
	if nd == nil {
		return
	}
	name := fmt.Appendf(nil, "/provided/%d/%d", n.cfg.Seed, i)
	w.values.Puts++
	n.call(nd, identity.KeyPosition(name), func(op engine.OpID) []engine.Effect {
		return nd.engine.Provide(n.clock(), op, name, false, n.effects[:0])
	}, func(_ *call, r *engine.Result) {
		if r.Err == nil {
			w.values.Confirmed++
			w.holders += r.Holders
		}
		n.next(func() { n.seek(name, n.book.id(nd.contact)) })
	})
}

// seek looks for a provider of a key.
func (n *network) seek(name []byte, provider identity.ID) {
	target := identity.KeyPosition(name)
	nd := n.elsewhere(&target)
	if nd == nil {
		return
	}
	w := &n.workload
	n.call(nd, target, func(op engine.OpID) []engine.Effect {
		return nd.engine.Providers(n.clock(), op, name, 1, n.effects[:0])
	}, func(c *call, r *engine.Result) {
		w.values.Gets++
		found := r.Err == nil && len(r.Providers) > 0 && r.Providers[0].Peer.ID == provider
		if found {
			w.values.Found++
		}
		n.measure(nd, c, r, false).Succeeded = found
	})
}

// over reports that the workload's time has passed and its lookups have ended. The
// last may take as long as a lookup can.
func (n *network) over() bool {
	w := &n.workload
	return n.now >= w.end && len(n.series) == w.marks && w.begun >= n.cfg.Lookups && w.open == 0 || n.now > w.end+2*engine.LookupTimeout
}
