package sim

import "kadmium/identity"

// flip has a node leave without notice, or return with its identity and its data.
func (n *network) flip(w *world, c identity.Contact) {
	nd := n.all[c-1]
	random := n.sessions[c-1]
	if nd != nil && nd.engine != nil {
		w.leave(nd)
		w.queue.put(event{at: w.now + n.cfg.Sessions.down.sample(random), kind: flip, node: uint32(c)})
		return
	}
	nd = n.make(w, c)
	for _, c := range nd.saved {
		if err := nd.engine.Load(w.clock(), c); err != nil {
			panic(err) // an engine can load what an engine has saved
		}
	}
	nd.saved = nil
	n.join(w, nd)
	w.queue.put(event{at: w.now + n.cfg.Sessions.up.sample(random), kind: flip, node: uint32(c)})
}

// leave ends a node as a crash would. It keeps what would be in its data directory.
func (w *world) leave(nd *node) {
	w.departed.add(nd.engine)
	nd.saved = nd.engine.Snapshot()
	w.queueRepeats(nd)
	nd.engine, nd.nextTick = nil, 0
	for _, op := range nd.operations {
		if o, ok := w.operations[op]; ok {
			delete(w.operations, op)
			o.ended = w.now
			w.note(nd, note{operation: o})
		}
	}
	nd.operations = nil
	w.note(nd, note{down: true})
}
