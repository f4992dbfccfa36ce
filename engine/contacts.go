package engine

import (
	"kadmium/identity"
	"kadmium/rpc"
)

// EachContact calls keep with every contact that the engine holds, some of them more than
// once. The driver's book may forget all others (design R1.19).
func (e *Engine) EachContact(keep func(identity.Contact)) {
	e.table.EachHandle(keep)
	e.requests.Each(func(r *rpc.Request) { keep(r.To) })
	for _, a := range e.activities {
		a.contacts(keep)
	}
	for _, o := range e.ops { // a put has these after its lookup, too
		o.contacts(keep)
	}
	e.rtts.each(keep)
	if e.reachability != nil {
		keep(e.reachability.asked)
		for _, c := range e.reachability.clients {
			keep(c)
		}
		if check := e.reachability.check; check != nil {
			for _, p := range check.peers {
				keep(p.contact)
			}
		}
	}
	e.unresponsive.each(keep)
	e.queryFailures.eachContact(keep)
	e.rejoining.each(keep)
	for _, c := range e.moved {
		keep(c)
	}
	for _, p := range e.probes {
		keep(p.to)
	}
}
