package sim

import (
	"fmt"
	"slices"
	"time"

	"kadmium/engine"
	"kadmium/identity"
	"kadmium/sim/report"
)

// track gives an operation its ID, and has finish find it by that.
func (n *network) track(w *world, nd *node, o *operation) engine.OpID {
	n.lastOp++
	w.operations[n.lastOp] = o
	nd.operations = slices.DeleteFunc(nd.operations, func(op engine.OpID) bool { return w.operations[op] == nil })
	nd.operations = append(nd.operations, n.lastOp)
	return n.lastOp
}

// start starts an operation on a node and counts it as outstanding. It passes on memory for
// the effects.
func (n *network) start(nd *node, target identity.Position, start func(engine.OpID, []engine.Effect) []engine.Effect, finished func(*operation, *engine.Result)) {
	n.workload.outstanding++
	w := n.shard(nd.contact)
	o := &operation{target: target, started: n.now, ended: never, finished: finished}
	w.perform(nd, start(n.track(w, nd, o), w.effects[:0]))
}

// find looks up a target.
func (n *network) find(i int) {
	nd := n.randomNode()
	if nd == nil {
		return
	}
	target := randomPosition(n.cfg.Seed, forTarget, uint64(i))
	if n.cfg.Targets == report.TargetsNodes {
		if other := n.randomNode(); other != nil {
			target = *n.book.Position(other.contact)
		}
	}
	n.start(nd, target, func(op engine.OpID, effects []engine.Effect) []engine.Effect {
		return nd.engine.Closest(n.clock(), op, target, effects)
	}, func(o *operation, r *engine.Result) { n.measure(nd, i, o, r, true) })
}

// measure adds a lookup of the workload that has ended to the samples. A lookup of nodes is judged by
// the nodes that it could have found, one of a value or provider is not.
func (n *network) measure(nd *node, number int, o *operation, r *engine.Result, judged bool) *report.Sample {
	n.groundTruth = n.book.closest(n.groundTruth[:0], &o.target, n.cfg.K, func(other identity.Contact) bool {
		return other != nd.contact && n.reachable(other, o.started)
	})
	if !judged {
		r.Contacts = nil
	} else if r.Contacts == nil {
		r.Contacts = []identity.Contact{} // it found no node, and is judged too
	}
	s, all := measure(o, r, n.groundTruth, n.book)
	s.Number = number
	w := &n.workload
	w.samples = append(w.samples, s)
	n.tracer.Ended(w.samples, func() *report.Trace { return report.NewTrace(o.target.String(), all, winner(r)) })
	return &w.samples[len(w.samples)-1]
}

// put stores a value from a random node, and then calls stored, if it is not nil.
func (n *network) put(i int, ephemeral bool, stored func(*key)) {
	nd := n.randomNode()
	if nd == nil {
		return
	}
	k := &key{number: i, name: fmt.Sprintf("/v/%d/%d", n.cfg.Seed, i)}
	k.value = fmt.Appendf(nil, "%064x", hash(n.cfg.Seed, forKey, uint64(i)))
	w := &n.workload
	w.keys = append(w.keys, k)
	w.values.Puts++
	q := engine.PutQuery{Key: []byte(k.name), Value: k.value, TTL: n.cfg.TTL, Ephemeral: ephemeral}
	n.start(nd, identity.KeyPosition(q.Key), func(op engine.OpID, effects []engine.Effect) []engine.Effect {
		return nd.engine.Put(n.clock(), op, q, effects)
	}, func(_ *operation, r *engine.Result) {
		if r.Err == nil {
			k.confirmed, k.expires = true, r.Expires.Sub(epoch)
			w.values.Confirmed++
			w.holders += r.Holders
		}
		if stored != nil {
			stored(k)
		}
	})
}

// A key is one that the workload has stored.
type key struct {
	number    int // of those that are put
	name      string
	value     []byte
	expires   time.Duration
	confirmed bool
	held      bool // by a node that is up, at the end
}

// randomKey is a random key that nodes should hold for as long as a lookup can take.
func (n *network) randomKey() *key {
	w := &n.workload
	for range 10 {
		if len(w.keys) == 0 {
			break
		}
		if k := w.keys[below(w.random.Uint64(), len(w.keys))]; k.confirmed && k.expires > n.now+engine.LookupTimeout {
			return k
		}
	}
	return nil
}

// get searches for a value from a node that does not hold it. It is measured as a
// lookup, except in the workload day, which measures the lookups of nodes.
func (n *network) get(k *key) {
	target := identity.KeyPosition([]byte(k.name))
	nd := n.nonHolder(&target)
	if nd == nil {
		return
	}
	w := &n.workload
	n.start(nd, target, func(op engine.OpID, effects []engine.Effect) []engine.Effect {
		return nd.engine.Get(n.clock(), op, n.cfg.query([]byte(k.name)), effects)
	}, func(o *operation, r *engine.Result) {
		w.values.Gets++
		found := r.Err == nil && string(r.Record.Value) == string(k.value)
		if found {
			w.values.Found++
		}
		if n.cfg.Workload != report.WorkloadDay {
			n.measure(nd, k.number, o, r, false).Succeeded = found
		}
	})
}

// provide announces that a node provides a key, and then looks for it from another.
func (n *network) provide(i int) {
	w := &n.workload
	var nd *node
	for range 100 {
		if len(w.providers) == 0 {
			return
		}
		nd = n.node(w.providers[below(w.random.Uint64(), len(w.providers))])
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
	n.start(nd, identity.KeyPosition(name), func(op engine.OpID, effects []engine.Effect) []engine.Effect {
		return nd.engine.Provide(n.clock(), op, name, false, effects)
	}, func(_ *operation, r *engine.Result) {
		if r.Err == nil {
			w.values.Confirmed++
			w.holders += r.Holders
		}
		n.seek(i, name, n.book.id(nd.contact))
	})
}

// seek looks for a provider of the key of a number.
func (n *network) seek(i int, name []byte, provider identity.ID) {
	target := identity.KeyPosition(name)
	nd := n.nonHolder(&target)
	if nd == nil {
		return
	}
	w := &n.workload
	n.start(nd, target, func(op engine.OpID, effects []engine.Effect) []engine.Effect {
		return nd.engine.Providers(n.clock(), op, name, 1, effects)
	}, func(o *operation, r *engine.Result) {
		w.values.Gets++
		found := r.Err == nil && len(r.Providers) > 0 && r.Providers[0].Peer.ID == provider
		if found {
			w.values.Found++
		}
		n.measure(nd, i, o, r, false).Succeeded = found
	})
}

// randomNode is a random honest node that has joined; nil if 100 tries find none.
func (n *network) randomNode() *node {
	for range 100 {
		var nd *node
		if n.lazy {
			nd = n.node(identity.Contact(1 + below(n.workload.random.Uint64(), len(n.all))))
		} else if len(n.up) > 0 {
			nd = n.up[below(n.workload.random.Uint64(), len(n.up))]
		}
		if nd != nil && nd.role == honest && nd.joined+settled <= n.now {
			return nd
		}
	}
	return nil
}

// nonHolder is a random node that is not among the k closest to a key, if ten tries
// find one: a holder of the key would answer its own get without a request.
func (n *network) nonHolder(key *identity.Position) *node {
	n.groundTruth = n.book.closest(n.groundTruth[:0], key, n.cfg.K, func(c identity.Contact) bool { return n.reachable(c, n.now) })
	var nd *node
	for range 10 {
		if nd = n.randomNode(); nd == nil || !slices.Contains(n.groundTruth, nd.contact) {
			break
		}
	}
	return nd
}
