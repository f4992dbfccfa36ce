package sim

import "kadmium/identity"

// flip has a node leave without notice, or return with its identity and its data.
func (n *network) flip(c identity.Contact) {
	nd := n.all[c-1]
	random := n.sessions[c-1]
	if nd != nil && nd.engine != nil {
		n.leave(nd)
		n.queue.put(event{at: n.now + n.cfg.Sessions.down.sample(random), kind: flip, node: uint32(c)})
		return
	}
	nd = n.make(c)
	for _, c := range nd.saved {
		if err := nd.engine.Load(n.clock(), c); err != nil {
			panic(err) // an engine can load what an engine has saved
		}
	}
	nd.saved = nil
	n.enlist(nd)
	n.join(nd)
	n.queue.put(event{at: n.now + n.cfg.Sessions.up.sample(random), kind: flip, node: uint32(c)})
}

// leave ends a node as a crash would. It keeps what would be in its data directory.
func (n *network) leave(nd *node) {
	n.delist(nd)
	n.departed.add(nd.engine)
	nd.saved = nd.engine.Snapshot()
	nd.engine, nd.nextTick = nil, 0
	for _, op := range nd.operations {
		if c, ok := n.operations[op]; ok {
			delete(n.operations, op)
			c.abandoned()
		}
	}
	nd.operations = nil
}
